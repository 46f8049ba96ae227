"""Alembic environment of the identity schema; the runner passes the connection."""

import identity_service.account_models
import identity_service.authorization_models  # noqa: F401 - its tables are of the schema too
from identity_service.models import Base
from notechondria_shared.db.migrations import run_environment

run_environment(Base.metadata)
