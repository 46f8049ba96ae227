"""Texts of a deleted account are in no event that is kept, and a replay ends in the same state (ADR 0031)."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import pytest

from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_contracts.events.catalogue import CATALOGUE
from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.event_rows import database, settled, values
from tests.support.operator_command import operator_command

PERSONAL = {"title", "description", "username", "image_path", "timezone"}
"""Fields of events in which people write, or are named."""
_OF_USER = "(envelope->'data'->>'user_id')::bigint = %s"


@dataclass(frozen=True)
class Deleted:
    """An account that is gone, and a word that stood in all it wrote."""

    user: User
    mark: str
    events: frozenset[str]
    """Ids of all its events."""


def _letters(stack: Stack, user_id: int, mark: str) -> None:
    """Dead letters with the mark: one that was an event, and one that was cut off."""
    data = {
        "note_id": 2**70,
        "uuid": str(uuid4()),
        "title": mark,
        "description": mark,
        "course_id": None,
        "revision": 1,
    }
    with database(stack, "planner") as planner:
        for end in (None, -1):
            envelope = {
                "id": str(uuid4()), "source": "/notechondria/notes", "type": "notes.note.updated",
                "subject": "notes/1", "time": "2026-01-01T00:00:00Z", "data": {**data, "user_id": user_id},
            }  # fmt: skip
            planner.execute(
                "INSERT INTO dead_letters (subject, body, error, attempts) VALUES ('notes.note.updated', %s, %s, 4)",
                (json.dumps(envelope)[:end], f"DataError: {mark} is no title"),
            )


@pytest.fixture
def deleted(api: Api, stack: Stack) -> Iterator[Deleted]:
    """Somebody who used everything that publishes, and left."""
    user, mark = api.register(), f"mark{secrets.token_hex(8)}"
    course = user.post("courses/", {"title": f"Course {mark}"}).json()["id"]
    note = user.post("notes/", {"title": f"Note {mark}", "description": mark, "course_id": course}).json()["id"]
    assert user.patch(f"notes/{note}/", {"title": f"Renamed {mark}"}).status_code == 200
    plan = {"title": f"Plan {mark}", "event_date": "2026-05-04"}
    assert user.post("planner-events/", plan).status_code == 201
    assert user.patch("settings/", {"username": mark}).status_code == 200
    _letters(stack, user.id, mark)
    assert sum(len(_rows(stack, service, mark)) for service in SERVICES_WITH_SCHEMA) >= 5
    assert user.request("DELETE", "auth/account/", json={"password": PASSWORD}).status_code == 204
    for service in SERVICES_WITH_SCHEMA:
        eventually(partial(_erased, stack, service, user.id), 60, what=f"{service} erased its events")
    events: set[str] = set()
    for service in SERVICES_WITH_SCHEMA:
        with database(stack, service) as connection:
            events |= {str(one) for one in values(connection, f"SELECT event_id FROM outbox WHERE {_OF_USER}", user.id)}
    yield Deleted(user, mark, frozenset(events))
    with database(stack, "planner") as planner:
        planner.execute("DELETE FROM dead_letters WHERE body LIKE %s OR body = ''", (f'%"user_id": {user.id}%',))


def _erased(stack: Stack, service: str, user_id: int) -> bool:
    with database(stack, service) as connection:
        found = "SELECT user_id FROM deleted_users WHERE user_id = %s AND erased_at IS NOT NULL"
        return bool(values(connection, found, user_id))


def _rows(stack: Stack, service: str, mark: str) -> set[int]:
    with database(stack, service) as connection:
        return values(connection, "SELECT id FROM outbox WHERE envelope::text LIKE %s", f"%{mark}%")


@pytest.mark.contract("ADR 0031")
def test_no_outbox_and_no_dead_letter_holds_what_a_deleted_account_wrote(stack: Stack, deleted: Deleted) -> None:
    for word in (deleted.mark, deleted.user.username, deleted.user.email):
        for service in SERVICES_WITH_SCHEMA:
            assert _rows(stack, service, word) == set(), (service, word)
    with database(stack, "planner") as planner:
        query = "SELECT id FROM dead_letters WHERE body LIKE %s OR error LIKE %s"
        eventually(lambda: not planner.execute(query, [f"%{deleted.mark}%"] * 2).fetchall(), 60)
        kept = planner.execute("SELECT error FROM dead_letters WHERE error LIKE 'DataError: the text%'").fetchall()
    assert len(kept) >= 2
    for service in ("identity", "notes", "planner"):
        with database(stack, service) as connection:
            rows = connection.execute(f"SELECT subject, envelope FROM outbox WHERE {_OF_USER}", (deleted.user.id,))
            for subject, envelope in rows.fetchall():
                event = CATALOGUE[subject].model_validate(envelope["data"])  # what a consumer needs is still there
                assert event.aggregate == envelope["subject"]


@pytest.mark.contract("ADR 0031")
def test_a_replay_to_a_consumer_that_knows_nothing_of_a_deleted_account_brings_nothing_back(
    stack: Stack, deleted: Deleted
) -> None:
    user_id, events = deleted.user.id, list(deleted.events)
    eventually(lambda: settled(stack), 90)
    letters = {}
    for service in ("planner", "mcp"):
        with database(stack, service) as connection:
            letters[service] = values(connection, "SELECT id FROM dead_letters")
            connection.execute("DELETE FROM deleted_users WHERE user_id = %s", (user_id,))
            connection.execute("DELETE FROM inbox WHERE event_id = ANY(%s::uuid[])", (events,))
    # The broker would drop what it had in the last two minutes; so it forgets what it had.
    stack.stop_part("nats")
    shutil.rmtree(stack.data / "nats" / "jetstream")
    stack.start_part("nats")
    operator_command(stack)("events", "replay")
    with database(stack, "planner") as planner, database(stack, "mcp") as mcp:
        gone = "SELECT user_id FROM deleted_users WHERE user_id = %s"
        eventually(lambda: values(planner, gone, user_id) and values(mcp, gone, user_id), 60)
        eventually(lambda: settled(stack), 60)
        for table in ("note_refs", "course_refs", "activities", "planner_events", "note_sessions"):
            live = f"SELECT 1 FROM {table} WHERE user_id = %s"
            if table == "note_refs":
                live += " AND state <> 'purged'"
            assert values(planner, live, user_id) == set(), table
        for service, connection in (("planner", planner), ("mcp", mcp)):
            assert values(connection, "SELECT id FROM dead_letters") == letters[service], service


def test_every_field_in_which_people_write_is_erased() -> None:
    for subject, event in CATALOGUE.items():
        texts = {name for name in event.model_fields if name in PERSONAL}
        assert texts == set(event.personal), subject
        types = {name: event.model_fields[name].annotation for name in event.model_fields}
        unnamed = {name for name, kind in types.items() if kind is str} - PERSONAL
        assert unnamed <= {"editor_mode"}, subject
