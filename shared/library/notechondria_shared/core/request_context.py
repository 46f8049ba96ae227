"""The request in hand: its id and its caller, for log lines and for the id that calls to other services carry on.

Context variables, since a log record is written by code that knows no request (libraries, pools): no rule reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
request_user: ContextVar[Callable[[], int | None]] = ContextVar("request_user", default=lambda: None)
"""Asks for the caller's user id: who calls is known only some time after the request began."""


def request_user_id() -> int | None:
    """The caller of the request in hand; None outside of requests and while nobody is known."""
    return request_user.get()()
