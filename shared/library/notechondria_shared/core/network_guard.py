"""The rule that no network call is made while a database transaction is open.

A call to another service or to the media store may take seconds. A transaction that waits for it holds its locks and
one of the few connections for as long. Flows that need both claim, do and settle (`db.two_phase`).

The rule is enforced where `NOTECHONDRIA_FORBID_NETWORK_IN_TRANSACTION=1` is set, as in all tests: the HTTP clients
between services and the media store then refuse. Only the guard knows the sessions of a task, and they decide nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

VARIABLE = "NOTECHONDRIA_FORBID_NETWORK_IN_TRANSACTION"


class Session(Protocol):
    """A session of the database, as far as the guard needs to know it."""

    def in_transaction(self) -> bool:
        """True while it holds a transaction."""
        ...


_sessions: ContextVar[tuple[Session, ...]] = ContextVar("guarded_sessions", default=())


class NetworkInTransactionError(RuntimeError):
    """A network call was made while the task holds an open transaction: a fault of the code that makes it."""


def is_enforced() -> bool:
    """True where the rule is enforced."""
    return os.environ.get(VARIABLE) == "1"


@contextmanager
def guarded(db: Session) -> Iterator[None]:
    """Know of a session of this task, and of the tasks it starts, until the block ends."""
    if not is_enforced():
        yield
        return
    _sessions.set((*_sessions.get(), db))
    try:
        yield
    finally:
        # Not by a token: a dependency of a request may be left in another context than it was entered in.
        _sessions.set(tuple(known for known in _sessions.get() if known is not db))


def forbid_in_transaction(call: str) -> None:
    """Raise `NetworkInTransactionError` when the task holds an open transaction; `call` says what was tried.

    A session that has done nothing yet, or has committed, holds neither a connection nor a lock.
    """
    if any(session.in_transaction() for session in _sessions.get()):
        message = f"{call} while a database transaction is open"
        raise NetworkInTransactionError(message)
