"""What a call was about in words, and the name and version of the client that made it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_words_of_calls"
down_revision = "0011_undo_runs"


def upgrade() -> None:
    """Empty for the calls that there are: they show their arguments."""
    for name, longest in (("summary", 300), ("client_name", 100), ("client_version", 50)):
        column = sa.Column(name, sa.String(longest), nullable=False, server_default="")
        op.add_column("calls", column, schema="mcp")
