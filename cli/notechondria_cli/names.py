"""The parts of the stack by name, in the order in which they start."""

from typing import Final

SERVICES: Final = ("identity", "notes", "planner", "mcp")
TOGETHER: Final = "services"
"""The part that is all services in one process, in place of one for each (NOTECHONDRIA_TOGETHER)."""
PARTS: Final = ("postgres", "nats", *SERVICES, "gateway")
DATABASE: Final = "notechondria"
SUPERUSER: Final = "postgres"


def title(name: str) -> str:
    """Return the name of a part as people write it: ``Postgres``, ``NATS``, ``identity``."""
    return {"postgres": "Postgres", "nats": "NATS"}.get(name, name)
