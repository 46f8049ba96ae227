"""Which scope of a program's access token a request needs (RFC 6750 §3.1): the service's own, and nothing elsewhere."""

from __future__ import annotations

from notechondria_contracts.scopes import (
    NOTES_READ,
    NOTES_WRITE,
    PLANNER_READ,
    PLANNER_WRITE,
    PROFILE,
    normalized,
)
from notechondria_shared.core.errors import InsufficientScope

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MCP, API = "mcp", "api"
"""The resources that access tokens are for: `<PUBLIC_BASE_URL>/mcp`, and `/api/v1` below it (RFC 8707 §2)."""
_OF_SERVICE = {"notes": (NOTES_READ, NOTES_WRITE), "planner": (PLANNER_READ, PLANNER_WRITE)}
_PROFILE_PATHS = ("/api/v1/settings/", "/api/v1/settings")
PERSON_NEEDED = (
    "Request refused: Backend.Auth/permission_check — no program may do this, sign in with the account's password."
)
TOO_LITTLE = "Request refused: Backend.Auth/permission_check — this program was not allowed to do this."


def audience_of(path: str) -> str:
    """The resource that a path belongs to."""
    return MCP if path.rstrip("/") == "/mcp" else API


def needed_scopes(service: str, method: str, path: str) -> tuple[str, ...] | None:
    """The scopes that a request needs; None when no scope allows it.

    identity shows the settings and nothing else: what decides over an account needs its owner's session.
    """
    reads = method in READING_METHODS
    if service in _OF_SERVICE:
        read, write = _OF_SERVICE[service]
        return (read,) if reads else (read, write)
    if service == "identity" and reads and path in _PROFILE_PATHS:
        return (PROFILE,)
    return None


def check_scopes(held: tuple[str, ...], service: str, method: str, path: str) -> None:
    """403 `insufficient_scope` when a token with these scopes may not send this request."""
    needed = needed_scopes(service, method, path)
    if needed is None:
        raise InsufficientScope(PERSON_NEEDED)
    if not set(needed) <= set(held):
        raise InsufficientScope(TOO_LITTLE, normalized({*held, *needed}))
