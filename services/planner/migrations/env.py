"""Alembic environment of the planner schema; the runner passes the connection."""

from notechondria_shared.db.migrations import run_environment
from planner_service.models import Base

run_environment(Base.metadata)
