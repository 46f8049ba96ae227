"""An account that tests write into the database is what a sign-up leaves, in every service's tables."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User, eventually

OWN = ("id", "uuid", "username", "email", "verified_email", "date_joined", "image_path", "at", "slug")
TABLES = {
    "identity.users": "id",
    "identity.sessions": "user_id",
    "identity.security_events": "user_id",
    "notes.authors": "user_id",
    "notes.courses": "creator_id",
    "notes.notes": "creator_id",
    "notes.note_counts": "creator_id",
}
"""Rows of an account, by the column that names it."""


def rows(stack: Stack, table: str, column: str, user: User) -> list[dict[str, Any]]:
    with psycopg.connect(stack.admin_database_url, row_factory=dict_row) as database:
        return database.execute(f"SELECT * FROM {table} WHERE {column} = %s", [user.id]).fetchall()


def comparable(row: dict[str, Any], user: User) -> dict[str, Any]:
    """What does not differ from one account to the next: ids, names, hashes and times only by their presence."""
    kept = {}
    for name, value in row.items():
        own = name in OWN or name.endswith(("_id", "_at", "hash", "digest", "uuid", "edit", "created"))
        kept[name] = value is not None if own else str(value).replace(user.username, "NAME")
    return kept


def _is_seeded(account: User) -> bool:
    return len(account.get("notes/").json()) > 0


@pytest.fixture(scope="module")
def both(api: Api) -> tuple[User, User]:
    accounts = api.sign_up(), api.register()
    for account in accounts:  # notes seeds an account when its event comes
        eventually(partial(_is_seeded, account), seconds=20)
        assert account.get("planner-events/").status_code == 200
    return accounts


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_those_of_a_sign_up(stack: Stack, both: tuple[User, User], table: str) -> None:
    of_sign_up, ready = (
        [comparable(row, account) for row in rows(stack, table, TABLES[table], account)] for account in both
    )
    assert of_sign_up
    assert ready == of_sign_up


@pytest.mark.parametrize("path", ["auth/session/", "settings/", "auth/sessions/", "courses/", "notes/", "heatmap/"])
def test_answers_have_the_same_shape(both: tuple[User, User], path: str) -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(item) for name, item in value.items()}
        return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__

    of_sign_up, ready = (account.get(path) for account in both)
    assert (ready.status_code, shape(ready.json())) == (of_sign_up.status_code, shape(of_sign_up.json()))


def test_the_account_signs_in_and_has_its_picture(api: Api, both: tuple[User, User]) -> None:
    _, ready = both
    signed_in = api.post("auth/login/", {"email": ready.email, "password": ready.password})
    assert signed_in.status_code == 200
    assert api.http.get(signed_in.json()["user"]["image_url"]).status_code == 200
