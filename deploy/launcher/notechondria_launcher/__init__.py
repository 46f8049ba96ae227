"""The whole stack on one machine: real Postgres, NATS and Traefik from wheels, and the services."""

from notechondria_cli.errors import StackError
from notechondria_launcher.stack import Stack

__all__ = ["Stack", "StackError"]
