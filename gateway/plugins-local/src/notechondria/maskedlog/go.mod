module notechondria/maskedlog

go 1.22
