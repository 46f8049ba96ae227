"""A function that says whether an account is there, under a lock, in one round trip."""

from __future__ import annotations

from notechondria_shared.messaging.accounts import create_guard_function

revision = "0006_account_guard"
down_revision = "0005_rate_limit_table"


def upgrade() -> None:
    """The function."""
    create_guard_function("mcp")
