"""What protects an account (second factor, app passwords, security log), and codes of the sign-in site (apps §3)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_people"
down_revision = "0012_authorization"

SCHEMA = "identity"


def _owner(*, primary_key: bool = False, nullable: bool = False) -> sa.Column[int]:
    reference = sa.ForeignKey("identity.users.id", ondelete="CASCADE")
    return sa.Column("user_id", sa.BigInteger(), reference, nullable=nullable, primary_key=primary_key)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Seven tables, and columns of users and sessions."""
    _factors()
    op.create_table(
        "app_codes",
        sa.Column("digest", sa.String(64), primary_key=True),
        _owner(),
        sa.Column(
            "session_id", sa.BigInteger(), sa.ForeignKey("identity.sessions.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("origin", sa.String(255), nullable=False),
        _at("expires_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "app_passwords",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        _owner(),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        _at("created_at"),
        _at("last_used_at", nullable=True),
        _at("revoked_at", nullable=True),
        schema=SCHEMA,
    )
    op.create_table(
        "tickets",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        _owner(nullable=True),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("wrong_tries", sa.BigInteger(), nullable=False),
        _at("expires_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "security_events",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        _owner(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.Column("device_label", sa.String(120), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        _at("at"),
        schema=SCHEMA,
    )
    for table in ("app_codes", "app_passwords", "tickets", "passkeys", "recovery_codes"):
        op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"], schema=SCHEMA)
    for table in ("app_codes", "tickets"):
        op.create_index(op.f(f"ix_{table}_expires_at"), table, ["expires_at"], schema=SCHEMA)
    op.create_index("ix_security_events_user_id_id", "security_events", ["user_id", "id"], schema=SCHEMA)
    op.create_index(op.f("ix_security_events_at"), "security_events", ["at"], schema=SCHEMA)
    _columns()


def _factors() -> None:
    op.create_table(
        "authenticators",
        _owner(primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _at("created_at"),
        _at("last_used_at", nullable=True),
        schema=SCHEMA,
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        _owner(),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        _at("created_at"),
        _at("last_used_at", nullable=True),
        schema=SCHEMA,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("digest", sa.String(64), primary_key=True),
        _owner(),
        _at("created_at"),
        _at("used_at", nullable=True),
        schema=SCHEMA,
    )


def _columns() -> None:
    for name in ("sign_in_site_linked", "new_devices_only"):
        op.add_column(
            "users", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("false")), schema=SCHEMA
        )
    op.add_column("sessions", _at("confirmed_at", nullable=True), schema=SCHEMA)
    op.add_column(
        "sessions",
        sa.Column("app_password_id", sa.BigInteger(), nullable=True),
        schema=SCHEMA,
    )
    op.create_index(op.f("ix_sessions_app_password_id"), "sessions", ["app_password_id"], schema=SCHEMA)
