"""Alembic environment of the mcp schema; the runner passes the connection."""

from mcp_service.models import Base
from notechondria_shared.db.migrations import run_environment

run_environment(Base.metadata)
