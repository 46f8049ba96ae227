"""How a service talks to its database (ADR 0004): writes through a session, reads through a Reader."""

from notechondria_shared.db.engine import Database
from notechondria_shared.db.reader import Prepared, Reader, Reads, SessionReader, prepare
from notechondria_shared.db.tables import COLUMN_TYPES, service_metadata

__all__ = ["COLUMN_TYPES", "Database", "Prepared", "Reader", "Reads", "SessionReader", "prepare", "service_metadata"]
