"""Events of notes applied many at a time: what `handlers` do one after the other, in a statement for each table.

While many people write, most of what planner consumes are states of notes and courses, and words written. None of them
depends on another's effect: states are taken by their revision, and each record of words is a row of its own. One by
one an event was two or three statements; together they are six for a whole batch (docs/operations.md, "Measured").
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.event import IntegrationEvent
from notechondria_contracts.events.notes import (
    ActivityRecorded,
    CourseCreated,
    CourseUpdated,
    NoteCreated,
    NoteRestored,
    NoteState,
    NoteTrashed,
    NoteUpdated,
)
from notechondria_shared.db import SessionReader
from planner_service.accounts import ACCOUNTS
from planner_service.heatmap.queries import INSERT_ACTIVITIES
from planner_service.models import LIVE, TRASHED
from planner_service.references import queries
from planner_service.references.service import COURSES, NOTES, course_values, note_values

STATES: dict[type[NoteState], tuple[str, bool]] = {
    NoteCreated: (LIVE, True),
    NoteUpdated: (LIVE, False),
    NoteTrashed: (TRASHED, True),
    NoteRestored: (LIVE, True),
}
"""Where each event says that its note is, and whether it says so at all."""


async def apply_batch(db: AsyncSession, events: Sequence[IntegrationEvent]) -> bool:
    """Apply events of notes, of one transaction; False when something is deleted by one of them: its handler does."""
    notes = [event for event in events if isinstance(event, NoteState) and type(event) in STATES]
    courses = [event for event in events if isinstance(event, CourseCreated | CourseUpdated)]
    activities = [event for event in events if isinstance(event, ActivityRecorded)]
    if len(notes) + len(courses) + len(activities) < len(events):
        return False
    owners = (course.user_id for course in courses if course.user_id is not None)
    present = await ACCOUNTS.all_present(
        db, [*owners, *(note.user_id for note in notes), *(activity.user_id for activity in activities)]
    )
    # Accounts before courses before notes, as writers of other things lock them.
    await COURSES.upsert_all(
        db, [course_values(course) for course in courses if course.user_id is None or course.user_id in present]
    )
    written = [activity for activity in activities if activity.word_count > 0 and activity.user_id in present]
    gone = await _deleted_courses(db, written)
    await NOTES.upsert_all(db, [note_values(note, *STATES[type(note)]) for note in notes if note.user_id in present])
    await _keep_activities(db, written, gone)
    return True


async def _deleted_courses(db: AsyncSession, written: Sequence[ActivityRecorded]) -> set[int]:
    """Which courses of these rows are deleted; the others are not before the transaction ends."""
    named = sorted({activity.course_id for activity in written if activity.course_id is not None})
    if not named:
        return set()
    rows = await SessionReader(db).all(queries.LOCKED_COURSES, course_ids=named)
    return {row.course_id for row in rows if row.is_deleted}


async def _keep_activities(db: AsyncSession, written: Sequence[ActivityRecorded], gone: set[int]) -> None:
    if not written:
        return
    arrays = {
        "activity_id": [row.activity_id for row in written],
        "user_id": [row.user_id for row in written],
        "note_id": [row.note_id for row in written],
        "course_id": [None if row.course_id in gone else row.course_id for row in written],
        "activity_type": [row.activity_type for row in written],
        "activity_date": [row.activity_date for row in written],
        "word_count": [row.word_count for row in written],
    }
    await SessionReader(db).run(INSERT_ACTIVITIES, arrays)
