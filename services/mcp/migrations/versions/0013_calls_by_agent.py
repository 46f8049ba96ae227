"""How many calls came with each key and through each connection is read from an index alone."""

from __future__ import annotations

from alembic import op

revision = "0013_calls_by_agent"
down_revision = "0012_words_of_calls"


def upgrade() -> None:
    """An index."""
    op.create_index("ix_calls_user_id_agent", "calls", ["user_id", "key_id", "program_id"], schema="mcp")
