"""Alembic environment of the identity schema; the runner passes the connection."""

from identity_service import account_models  # noqa: F401 - its tables belong to the metadata
from identity_service.models import Base
from notechondria_shared.db.migrations import run_environment

run_environment(Base.metadata)
