module notechondria/answers

go 1.22
