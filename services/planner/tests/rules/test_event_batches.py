"""Events applied together come to the same as one after the other (`event_batches`, ADR 0008)."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.support.rules import Person, Service

from notechondria_contracts.events.event import Envelope, IntegrationEvent
from notechondria_contracts.events.identity import UserDeleted
from notechondria_contracts.events.notes import (
    ActivityRecorded,
    CourseCreated,
    CourseDeleted,
    CourseUpdated,
    NoteCreated,
    NotePurged,
    NoteRestored,
    NoteTrashed,
    NoteUpdated,
)
from notechondria_shared.messaging.consumer import Handler, apply
from planner_service import handlers
from planner_service.event_batches import apply_batch
from planner_service.models import EVENTS

HANDLERS: dict[type[IntegrationEvent], Handler] = {
    kind: handler for subscription in handlers.SUBSCRIPTIONS for kind, handler in subscription.handlers.items()
}
TABLES = {
    "note_refs": "note_id, user_id, title, description, course_id, revision, state, state_revision",
    "course_refs": "course_id, user_id, title, revision, is_deleted",
    "activities": "note_id, user_id, course_id, activity_type, activity_date, word_count",
}
STATES = (NoteCreated, NoteUpdated, NoteTrashed, NoteRestored)


def consume(planner: Service, events: list[Any], *, batch: Any = None) -> int:
    """Apply events in one transaction."""
    envelopes = [Envelope.of(event, uuid4(), datetime.now(UTC)) for event in events]

    async def work() -> int:
        async with planner.database.transaction() as db:
            return await apply(db, EVENTS, HANDLERS, *envelopes, batch=batch)

    return planner.run(work())


def rows(planner: Service) -> dict[str, list[dict[str, Any]]]:
    """What the projections hold."""
    return {
        table: planner.rows(f"SELECT {columns} FROM {table} ORDER BY {columns}") for table, columns in TABLES.items()
    }


def history(seed: int, users: list[int]) -> list[Any]:
    """Events of a few notes and courses, each of any age, in any order."""
    choose = random.Random(seed)  # noqa: S311 - the same each time
    identity = {number: UUID(int=number) for number in range(1, 5)}

    def one(number: int) -> Any:
        note_id, user_id, revision = choose.randint(1, 4), choose.choice(users), choose.randint(1, 6)
        course_id = choose.choice([None, 1, 2, 3])
        match choose.randint(0, 3):
            case 0:
                kind = choose.choice([CourseCreated, CourseUpdated])
                owner = choose.choice([user_id, None])
                return kind(course_id=choose.randint(1, 3), user_id=owner, title=f"C{number}", revision=revision)
            case 1:
                return ActivityRecorded(
                    activity_id=uuid4(), user_id=user_id, note_id=note_id, course_id=course_id, activity_type="E",
                    activity_date=date(2031, 3, 3), word_count=choose.randint(0, 5), revision=revision,
                )  # fmt: skip
            case _:
                return choose.choice(STATES)(
                    note_id=note_id, uuid=identity[note_id], user_id=users[note_id % 2], title=f"N{note_id}-{revision}",
                    description="", course_id=course_id, revision=revision,
                )  # fmt: skip

    return [one(number) for number in range(90)]


@pytest.mark.parametrize("seed", range(12))
def test_a_batch_leaves_what_its_events_leave_one_by_one(service: Service, seed: int) -> None:
    with service.rolled_back() as planner:
        people = [planner.person().id for _ in range(3)]
    events = history(seed, people)
    gone = UserDeleted(user_id=people[2], revision=9)
    course = CourseDeleted(course_id=3, user_id=None, title="", revision=9)
    purged = NotePurged(
        note_id=4, uuid=UUID(int=4), user_id=people[0], title="", description="", course_id=None, revision=9
    )
    left = []
    for batch in (None, apply_batch):
        with service.rolled_back() as planner:
            consume(planner, [gone, course, purged])
            assert consume(planner, events, batch=batch) == len(events)
            left.append(rows(planner))
    assert left[0] == left[1]
    assert len(left[0]["note_refs"]) == 4  # a tombstone among them
    assert left[0]["activities"]


def test_a_batch_in_which_something_is_deleted_is_left_to_the_handlers(planner: Service) -> None:
    ann: Person = planner.person()
    made = NoteCreated(note_id=7, uuid=uuid4(), user_id=ann.id, title="T", description="", course_id=None, revision=1)
    purged = NotePurged(**{**made.model_dump(), "revision": 2})

    async def work() -> bool:
        async with planner.database.transaction() as db:
            left_alone = not await apply_batch(db, [made, purged])
            assert await db.scalar(text("SELECT count(*) FROM planner.note_refs")) == 0
            return left_alone

    assert planner.run(work())
    assert consume(planner, [made, purged], batch=apply_batch) == 2
    assert [row["state"] for row in rows(planner)["note_refs"]] == ["purged"]


def test_an_event_twice_in_a_batch_counts_once(planner: Service) -> None:
    ann: Person = planner.person()
    words = ActivityRecorded(
        activity_id=uuid4(), user_id=ann.id, note_id=7, course_id=None, activity_type="C",
        activity_date=date(2031, 3, 3), word_count=3, revision=1,
    )  # fmt: skip
    envelope = Envelope.of(words, uuid4(), datetime.now(UTC))
    other = Envelope.of(words.model_copy(update={"activity_id": uuid4()}), uuid4(), datetime.now(UTC))

    async def work() -> int:
        async with planner.database.transaction() as db:
            return await apply(db, EVENTS, HANDLERS, envelope, envelope, other, batch=apply_batch)

    assert planner.run(work()) == 2
    assert len(rows(planner)["activities"]) == 2
