"""The caller of the MCP request in hand: tools run inside it and call the other services as it."""

from __future__ import annotations

from contextvars import ContextVar

from notechondria_shared.auth import Caller

current_caller: ContextVar[Caller] = ContextVar("current_caller")
current_client: ContextVar[str] = ContextVar("current_client", default="")
"""How the client names itself: its clientInfo where it sends one, else its User-Agent."""


def may_write() -> bool:
    """False for a read-only key."""
    return "write" in current_caller.get().scopes
