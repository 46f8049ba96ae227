"""Alembic environment of the notes schema; the runner passes the connection."""

from notechondria_shared.db.migrations import run_environment
from notes_service.models import Base

run_environment(Base.metadata)
