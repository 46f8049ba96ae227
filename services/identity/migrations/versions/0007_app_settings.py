"""What the newest apps keep in the settings (apps §6)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007_app_settings"
down_revision = "0006_proven_addresses"


def upgrade() -> None:
    """Columns with constant defaults: no row is rewritten."""
    for name, length in (("display_name", 150), ("uncategorized_folder_name", 120)):
        column = sa.Column(name, sa.String(length=length), server_default="", nullable=False)
        op.add_column("users", column, schema="identity")
    versions = sa.Column("last_seen_versions", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    op.add_column("users", versions, schema="identity")
