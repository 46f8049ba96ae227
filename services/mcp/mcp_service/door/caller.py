"""The caller of the MCP request in hand: tools run inside it and call the other services as it."""

from __future__ import annotations

from contextvars import ContextVar

from notechondria_shared.auth import Caller

current_caller: ContextVar[Caller] = ContextVar("current_caller")
