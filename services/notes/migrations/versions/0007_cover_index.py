"""Notes are found by their cover, to see whether it is that of a note in the recycle bin (decision 48)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_cover_index"
down_revision = "0006_file_deletions"


def upgrade() -> None:
    """The index."""
    op.create_index(
        "ix_notes_cover_image",
        "notes",
        ["cover_image"],
        schema="notes",
        postgresql_where=sa.text("cover_image <> ''"),
    )
