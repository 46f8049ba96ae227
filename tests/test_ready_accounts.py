"""What tests take for an account is what a sign-up leaves (tests/support/ready_accounts.py)."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User

OWN = {"id", "user_id", "username", "email", "verified_email", "password_hash", "digest", "image_path", "event_id"}
"""What no two accounts have in common."""
TIMES = {"date_joined", "created_at", "last_seen_at", "at", "occurred_at", "published_at"}
ROWS = (
    "SELECT * FROM identity.users WHERE id = %(id)s",
    "SELECT * FROM identity.sessions WHERE user_id = %(id)s",
    "SELECT * FROM identity.security_events WHERE user_id = %(id)s",
    # `subject` of the envelope is the row of the account.
    """SELECT subject, envelope - '{id,time,traceparent,subject}'::text[] AS envelope FROM identity.outbox
    WHERE envelope->'data'->>'user_id' = %(id)s::text""",
)


def left(stack: Stack, user: User) -> list[list[dict[str, Any]]]:
    """The rows of an account, table by table, without what is its own."""
    with psycopg.connect(stack.admin_database_url, row_factory=dict_row) as admin:
        tables = [admin.execute(statement.encode(), {"id": user.id}).fetchall() for statement in ROWS]
    for row in (row for rows in tables for row in rows):
        for name in OWN | TIMES:
            assert row.pop(name, "") is not None, name
        if "envelope" in row:
            row["envelope"]["data"] = {k: v for k, v in row["envelope"]["data"].items() if k not in OWN}
    return tables


def test_a_ready_account_is_one_that_signed_up(api: Api, stack: Stack) -> None:
    ready, signed_up = api.register(), api.sign_up()
    rows = left(stack, ready)
    assert [len(of_table) for of_table in rows] == [1, 1, 1, 1]
    assert rows == left(stack, signed_up)
    files = [
        [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        for folder in (stack.data / f"media/user_upload/user_{user.id}" for user in (ready, signed_up))
    ]
    assert files == [["profile_pic/profile_latest.png"]] * 2
    again = api.post("auth/login/", {"identifier": ready.username, "password": ready.password})
    assert again.status_code == 200, again.text
    assert again.json()["user"]["id"] == ready.id
