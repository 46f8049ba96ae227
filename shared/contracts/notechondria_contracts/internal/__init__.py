"""Models of the APIs between the services."""
