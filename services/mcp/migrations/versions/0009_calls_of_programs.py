"""Calls that a program made with an access token."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_calls_of_programs"
down_revision = "0008_signed_events"


def upgrade() -> None:
    """Empty for the calls that there are: all of them came with API keys."""
    op.add_column("calls", sa.Column("program_id", sa.BigInteger(), nullable=True), schema="mcp")
