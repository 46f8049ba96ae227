"""Making and running a service: the top layer."""
