"""The parts of the stack by name, in the order in which they start."""

from typing import Final

from notechondria_contracts import services

SERVICES: Final = services.SERVICES
SERVICES_WITH_SCHEMA: Final = services.SERVICES_WITH_SCHEMA
"""Those with a schema, a role of the database and a user of the bus."""
SINGLE_PROCESS: Final = "services"
"""The part that is all services in one process, in place of one for each (NOTECHONDRIA_TOGETHER)."""
PARTS: Final = ("postgres", "nats", *SERVICES, "gateway")
DATABASE: Final = "notechondria"
SUPERUSER: Final = "postgres"


def title(name: str) -> str:
    """Return the name of a part as people write it: ``Postgres``, ``NATS``, ``identity``."""
    return {"postgres": "Postgres", "nats": "NATS"}.get(name, name)
