"""The chassis of Notechondria's services: what every service needs and no service owns."""
