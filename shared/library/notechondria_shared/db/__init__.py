"""How a service talks to its database (ADR 0004): writes through a session, reads through a Reader."""

from notechondria_shared.db.engine import Database
from notechondria_shared.db.reader import (
    Prepared,
    Reader,
    Reads,
    Scalar,
    SessionReader,
    prepare,
    prepare_command,
    prepare_dicts,
    prepare_scalar,
)
from notechondria_shared.db.tables import COLUMN_TYPES, service_metadata

__all__ = [
    "COLUMN_TYPES",
    "Database",
    "Prepared",
    "Reader",
    "Reads",
    "Scalar",
    "SessionReader",
    "prepare",
    "prepare_command",
    "prepare_dicts",
    "prepare_scalar",
    "service_metadata",
]
