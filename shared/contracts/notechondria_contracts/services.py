"""The services by name."""

from __future__ import annotations

SERVICES_WITH_SCHEMA = ("identity", "notes", "planner", "mcp")
"""Those that own a schema, a role of the database and a user of the bus, in the order in which they start."""
SERVICES = (*SERVICES_WITH_SCHEMA, "web")
"""All of them. `web` keeps nothing: it shows people what the others have."""
