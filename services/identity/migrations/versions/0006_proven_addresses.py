"""Proven addresses apart from claimed ones; codes know their account, registrations are codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_proven_addresses"
down_revision = "0005_staff_actions"


def upgrade() -> None:
    """Addresses of accounts that were opened count as proved. Open codes of accounts, a day old at most, are void."""
    op.add_column(
        "users",
        sa.Column("verified_email", sa.String(length=254), server_default="", nullable=False),
        schema="identity",
    )
    op.add_column("users", sa.Column("email_claimed_at", sa.DateTime(timezone=True), nullable=True), schema="identity")
    op.execute("UPDATE identity.users SET verified_email = lower(email) WHERE status <> 'pending'")
    op.drop_index("uq_users_email", "users", schema="identity")
    op.create_index(
        "uq_users_verified_email",
        "users",
        ["verified_email"],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("verified_email <> ''"),
    )
    op.create_index("ix_users_email", "users", [sa.literal_column("lower(email)")], schema="identity")
    op.create_index("ix_users_email_claimed_at", "users", ["email_claimed_at"], schema="identity")
    op.add_column("codes", sa.Column("user_id", sa.BigInteger(), nullable=True), schema="identity")
    for name, kind in (("username", sa.String(length=150)), ("password_hash", sa.Text()), ("ip_hash", sa.String(64))):
        op.add_column("codes", sa.Column(name, kind, server_default="", nullable=False), schema="identity")
    op.create_index("ix_codes_user_id", "codes", ["user_id"], schema="identity")
    # They do not know their account, which a change of password or address would have to end.
    op.execute("UPDATE identity.codes SET voided_at = now() WHERE kind <> 'register' AND used_at IS NULL")
