"""The name of this start of a service, shared by its worker processes."""

from __future__ import annotations

import os
import secrets

VARIABLE = "NOTECHONDRIA_REPLICA"
"""Set by the first process of a replica; its worker processes inherit it."""


def become_replica() -> None:
    """Give this process, and the worker processes it will start, a name of their own."""
    os.environ[VARIABLE] = secrets.token_hex(4)


def replica_name() -> str:
    """The name; `single` for a process that nobody named."""
    return os.environ.get(VARIABLE, "single")
