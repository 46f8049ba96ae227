"""One client per service for the APIs between the services."""
