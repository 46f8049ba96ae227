"""When the password of a session was last entered on the administration site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_password_entered_at"
down_revision = "0009_provider_sessions"


def upgrade() -> None:
    """Empty for the sessions that there are: whoever acts in one of them enters the password once more."""
    op.add_column(
        "sessions", sa.Column("password_entered_at", sa.DateTime(timezone=True), nullable=True), schema="identity"
    )
