"""The services by name."""

from __future__ import annotations

SERVICES_WITH_SCHEMA = ("identity", "notes", "planner", "mcp")
"""Those that own a schema, a role of the database and a user of the bus, in the order in which they start."""
SERVICES = (*SERVICES_WITH_SCHEMA, "web")
"""All of them. `web` keeps nothing: it shows people what the others have."""
OPERATOR = "operator"
"""Whoever runs the system, by the `notechondria` command."""
CALLERS = (*SERVICES, OPERATOR)
"""Those that call internal endpoints, each with a key of its own."""
EXTENSION = "ai"
"""The operator's own service behind the gateway, for which assertions are made too."""
ACTS_AT: dict[str, tuple[str, ...]] = {
    "mcp": ("identity", "notes", "planner"),
    "web": ("identity", "notes", "planner", "mcp"),
}
"""At which services a service acts in its users' name. For those that are not named, identity makes no assertion."""
