"""While people write, parts die at random: nothing that was answered is lost, and all parts know the same.

Twenty seconds in a usual run; `make soak SECONDS=600 SEED=7` goes on for longer.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from notechondria_launcher.stack import Stack
from tests.support.client import Api, eventually
from tests.support.disorder import Person, disturb
from tests.support.documents import SERVICES_WITH_SCHEMA
from tests.support.event_rows import settled
from tests.support.ready_data import own_stack

SECONDS = float(os.environ.get("SOAK_SECONDS", "20"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
PEOPLE = 4
STATE = "CASE WHEN deleted_at IS NULL THEN 'live' ELSE 'trashed' END AS state"
MUST_NOT_BE = {
    "a bin entry iff deleted": "SELECT n.id FROM notes n FULL JOIN recycle_bin_entries b ON b.note_id = n.id"
    " WHERE (n.deleted_at IS NULL) <> (b.note_id IS NULL)",
    "positions without a gap": "SELECT note_id FROM note_index GROUP BY note_id"
    " HAVING max(position) + 1 <> count(*) OR min(position) <> 0",
    "all can be searched": "SELECT id FROM notes WHERE id NOT IN (SELECT note_id FROM note_search)",
    "an outline iff not deleted": "SELECT n.id FROM notes n FULL JOIN note_outlines o ON o.note_id = n.id"
    " WHERE (n.deleted_at IS NULL) <> (o.note_id IS NOT NULL)",
}


@dataclass
class Aftermath:
    """The stack, when all parts run again and every event has arrived."""

    stack: Stack
    people: list[Person]

    def rows(self, service: str, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """What the database of a service says."""
        with psycopg.connect(self.stack.database_url(service), row_factory=dict_row) as connection:
            return connection.execute(query, parameters or None).fetchall()


@pytest.fixture(scope="module")
def aftermath() -> Iterator[Aftermath]:
    environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0"}
    with own_stack(environment) as stack, Api(stack) as api:
        stopped = threading.Event()
        people = [Person(api.register(), SEED * 100 + number, stopped) for number in range(PEOPLE)]
        for person in people:
            person.start()
        try:
            died = disturb(stack, SEED, SECONDS)
        finally:
            stopped.set()
            for person in people:
                person.join()
        answers = sum((person.answers for person in people), Counter[str]())
        print(f"seed {SEED}: died {dict(Counter(died))}, answers {dict(answers)}")  # noqa: T201 - shown on failure
        found = Aftermath(stack, people)
        eventually(lambda: settled(stack), 60, what="every event has arrived")
        yield found


def test_every_answer_was_a_success_or_503(aftermath: Aftermath) -> None:
    assert not [problem for person in aftermath.people for problem in person.problems]
    assert all(person.notes for person in aftermath.people)


def test_what_was_answered_is_there(aftermath: Aftermath) -> None:
    notes = {row["id"]: row for row in aftermath.rows("notes", f"SELECT id, title, {STATE} FROM notes")}
    for person in aftermath.people:
        for note, known in person.notes.items():
            found = notes.get(note, {"title": known.title, "state": "purged"})
            assert known.state in {found["state"], None}, note
            assert known.title in {found["title"], None}, note
        planned = aftermath.rows("planner", "SELECT id FROM planner_events WHERE user_id = %s", person.user.id)
        assert person.events <= {row["id"] for row in planned}
        assert person.motto in {person.user.get("settings/").json()["motto"], None}


def test_planner_knows_what_notes_knows(aftermath: Aftermath) -> None:
    notes = aftermath.rows("notes", f"SELECT id, title, course_id, {STATE} FROM notes")
    known = aftermath.rows("planner", "SELECT note_id, title, course_id, state FROM note_refs WHERE state <> 'purged'")
    assert {(row["note_id"], row["title"], row["course_id"], row["state"]) for row in known} == {
        (row["id"], row["title"], row["course_id"], row["state"]) for row in notes
    }
    courses = aftermath.rows("notes", "SELECT id, title FROM courses")
    known = aftermath.rows("planner", "SELECT course_id AS id, title FROM course_refs WHERE NOT is_deleted")
    assert sorted(map(str, known)) == sorted(map(str, courses))


def test_every_activity_counts_once(aftermath: Aftermath) -> None:
    published = aftermath.rows(
        "notes", "SELECT envelope->'data'->>'note_id' AS note FROM outbox WHERE subject = 'notes.activity.recorded'"
    )
    kept = aftermath.rows("planner", "SELECT note_id::text AS note FROM activities")
    there = {str(row["id"]) for row in aftermath.rows("notes", "SELECT id FROM notes")}
    assert Counter(row["note"] for row in kept) == Counter(row["note"] for row in published if row["note"] in there)


@pytest.mark.parametrize("rule", MUST_NOT_BE)
def test_what_must_always_hold(aftermath: Aftermath, rule: str) -> None:
    assert aftermath.rows("notes", MUST_NOT_BE[rule]) == []


@pytest.mark.parametrize("service", SERVICES_WITH_SCHEMA)
def test_no_event_is_a_dead_letter(aftermath: Aftermath, service: str) -> None:
    assert aftermath.rows(service, "SELECT subject, error FROM dead_letters") == []
