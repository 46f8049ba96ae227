"""The whole stack on one machine: real Postgres, NATS and Traefik from wheels, and the services."""
