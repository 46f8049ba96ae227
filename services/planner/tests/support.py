"""What the planner's tests need beside the gateway: events published in the name of notes, and a look at the tables."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row
from tests.support.client import User, eventually
from tests.support.events import publish_signed

from notechondria_contracts.events import IntegrationEvent
from notechondria_contracts.events.event import Envelope
from notechondria_contracts.events.notes import ActivityRecorded, CourseCreated, CourseDeleted, NoteCreated, NotePurged
from notechondria_launcher.stack import Stack
from notechondria_shared.messaging.bus import Bus

# Far from the ids that the notes service gives.
_ids = itertools.count(900_000_001)


class Tables:
    """Statements on the planner's schema, as its own role."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)

    def rows(self, statement: str, *params: Any) -> list[dict[str, Any]]:
        cursor = self._connection.execute(statement.encode(), params)
        return cursor.fetchall() if cursor.description else []

    def count(self, table: str, **where: Any) -> int:
        condition = " AND ".join(f"{column} = %s" for column in where) or "true"
        return int(self.rows(f"SELECT count(*) AS n FROM planner.{table} WHERE {condition}", *where.values())[0]["n"])

    def source_of(self, feed_id: int) -> int:
        """The id of what a feed is read from."""
        return int(self.rows("SELECT source_id FROM planner.calendar_feeds WHERE id = %s", feed_id)[0]["source_id"])

    def source(self, url: str) -> dict[str, Any]:
        """The source of an address."""
        (row,) = self.rows("SELECT * FROM planner.calendar_sources WHERE url = %s", url)
        return row

    def make_due(self, url: str) -> None:
        """Have the planner read an address in the background, now."""
        self.rows("UPDATE planner.calendar_sources SET next_read_at = now() WHERE url = %s", url)

    def events_of(self, subject: str) -> list[dict[str, Any]]:
        """Subject and data of the events in the outbox about one aggregate, in order."""
        return self.rows(
            "SELECT subject, envelope -> 'data' AS data FROM planner.outbox WHERE envelope ->> 'subject' = %s "
            "ORDER BY id",
            subject,
        )

    def close(self) -> None:
        self._connection.close()


class Publisher:
    """Puts events on the stream of notes, as its relay does."""

    def __init__(self, stack: Stack, tables: Tables) -> None:
        self._stack, self._url, self._tables = stack, stack.nats_url("notes"), tables

    def publish(self, *events: IntegrationEvent, event_id: UUID | None = None) -> None:
        """Publish events in order and wait until the planner has taken them all."""
        marker = CourseCreated(course_id=self.new_id(), user_id=None, title="Marker", revision=1)
        asyncio.run(self._publish([*events, marker], event_id))
        # One consumer takes the stream in order: what came before the marker is done when the marker is.
        eventually(lambda: self._tables.count("course_refs", course_id=marker.course_id))

    async def _publish(self, events: list[IntegrationEvent], event_id: UUID | None) -> None:
        bus, connected = Bus("notes", self._url), asyncio.Event()

        async def ready() -> None:
            connected.set()

        bus.on_connect(ready)
        bus.start()
        try:
            async with asyncio.timeout(10):
                await connected.wait()
                for event in events:
                    known = event_id if event_id and event is not events[-1] else uuid4()
                    envelope = Envelope.of(event, known, datetime.now(UTC))
                    await publish_signed(bus.jetstream, self._stack, event.subject, envelope.model_dump_json().encode())
        finally:
            await bus.close()

    @staticmethod
    def new_id() -> int:
        return next(_ids)

    def course(self, owner: User | None = None) -> int:
        """A course whose events the planner has consumed."""
        course_id = self.new_id()
        self.publish(
            CourseCreated(course_id=course_id, user_id=owner.id if owner else None, title="Biology", revision=1)
        )
        return course_id

    def on_course_deleted(self, course_id: int) -> None:
        self.publish(CourseDeleted(course_id=course_id, user_id=None, title="Biology", revision=2))

    def note(self, owner: User, **fields: Any) -> int:
        """A note whose events the planner has consumed."""
        event = note_event(NoteCreated, self.new_id(), owner, **fields)
        self.publish(event)
        note_id: int = event.note_id
        return note_id

    def purge(self, owner: User, note_id: int, revision: int = 9) -> None:
        self.publish(note_event(NotePurged, note_id, owner, revision=revision))


def note_event(event: type[Any], note_id: int, owner: User, **fields: Any) -> Any:
    """An event about a note, with plain values for what a test does not care about."""
    values: dict[str, Any] = {"title": "Enzymes", "description": "How they fold", "course_id": None, "revision": 1}
    return event(note_id=note_id, uuid=UUID(int=note_id), user_id=owner.id, **(values | fields))


def activity_event(owner: User, note_id: int, day: date, words: int, **fields: Any) -> ActivityRecorded:
    """An event about words written."""
    values: dict[str, Any] = {
        "activity_id": uuid4(),
        "course_id": None,
        "activity_type": "C",
        "activity_date": day,
        "revision": 1,
    }
    return ActivityRecorded(user_id=owner.id, note_id=note_id, word_count=words, **(values | fields))
