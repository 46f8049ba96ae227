"""Programs that act for people: clients, grants, codes and tokens (RFC 6749, RFC 7591)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0012_authorization"
down_revision = "0011_signed_events"


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[object]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.BigInteger(), primary_key=True)


def _to(name: str, table: str) -> sa.Column[object]:
    key = sa.ForeignKey(f"identity.{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.BigInteger(), key, nullable=False)


def upgrade() -> None:
    """Four tables; all of an account's rows go with it."""
    op.create_table(
        "oauth_clients",
        _id(),
        _text("client_id", 512),
        _text("origin", 16),
        _text("name", 120),
        sa.Column("redirect_uris", ARRAY(sa.String(length=1024)), nullable=False),
        _text("auth_method", 24),
        _text("secret_digest", 64),
        _text("registration_digest", 64),
        _time("created_at"),
        _time("last_used_at", nullable=True),
        _time("fresh_until", nullable=True),
        sa.UniqueConstraint("client_id"),
        sa.CheckConstraint("origin IN ('registered', 'document', 'staff')", name="origin"),
        schema="identity",
    )
    op.create_table(
        "oauth_grants",
        _id(),
        _to("user_id", "users"),
        _to("client_id", "oauth_clients"),
        sa.Column("scopes", ARRAY(sa.String(length=32)), nullable=False),
        _text("audience", 8),
        _time("created_at"),
        _time("expires_at"),
        _time("redeemed_at", nullable=True),
        _time("last_used_at", nullable=True),
        _time("revoked_at", nullable=True),
        schema="identity",
    )
    op.create_table(
        "oauth_codes",
        _id(),
        _to("grant_id", "oauth_grants"),
        _text("digest", 64),
        _text("redirect_uri", 1024),
        _text("challenge", 128),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.UniqueConstraint("digest"),
        schema="identity",
    )
    op.create_table(
        "oauth_tokens",
        _id(),
        _to("grant_id", "oauth_grants"),
        _text("kind", 8),
        _text("digest", 64),
        sa.Column("scopes", ARRAY(sa.String(length=32)), nullable=False),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("kind IN ('access', 'refresh')", name="kind"),
        schema="identity",
    )
    for table, columns in (
        ("oauth_clients", ("origin", "created_at")),
        ("oauth_grants", ("user_id",)),
        ("oauth_grants", ("client_id",)),
        ("oauth_grants", ("expires_at",)),
        ("oauth_codes", ("grant_id",)),
        ("oauth_codes", ("expires_at",)),
        ("oauth_tokens", ("grant_id",)),
        ("oauth_tokens", ("expires_at",)),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), schema="identity")
