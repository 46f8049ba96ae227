"""What notes tells the others."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events import IntegrationEvent
from notechondria_contracts.events.notes import ActivityRecorded, CourseState, NoteState
from notechondria_shared.core.timestamps import today
from notechondria_shared.messaging import publish
from notes_service.models import EVENTS, Course, Note

NOTE_STATE = (Note.id, Note.uuid, Note.creator_id, Note.title, Note.description, Note.course_id, Note.revision)
"""The columns that a statement on many notes returns for `note_event`."""


async def publish_events(db: AsyncSession, *events: IntegrationEvent) -> None:
    """Publish facts with the transaction."""
    await publish(db, EVENTS, *events)


def course_event(event: type[CourseState], course: Course) -> CourseState:
    """The present state of a course as a fact, under its present revision."""
    return event(course_id=course.id, user_id=course.creator_id, title=course.title, revision=course.revision)


def note_event(event: type[NoteState], note: Any) -> NoteState:
    """The state of a note (a `Note`, or a row of `NOTE_STATE`) as a fact, under its present revision."""
    return event(
        note_id=note.id,
        uuid=note.uuid,
        user_id=note.creator_id,
        title=note.title,
        description=note.description or "",
        course_id=note.course_id,
        revision=note.revision,
    )


def activity_events(kind: Literal["C", "E"], note: Note, words: int) -> list[IntegrationEvent]:
    """One activity row (notes §9.1) when words were written, none otherwise."""
    if words <= 0:
        return []
    return [
        ActivityRecorded(
            activity_id=uuid4(),
            user_id=note.creator_id,
            note_id=note.id,
            course_id=note.course_id,
            activity_type=kind,
            activity_date=today(),
            word_count=words,
            revision=note.revision,
        )
    ]
