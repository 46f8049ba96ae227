"""What planner hears (ADR 0003): notes and courses followed, activity kept, deleted accounts wiped."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.identity import UserActivated, UserDeleted, UserState, UserUpdated
from notechondria_contracts.events.notes import (
    ActivityRecorded,
    CourseCreated,
    CourseDeleted,
    CourseState,
    CourseUpdated,
    NoteCreated,
    NotePurged,
    NoteRestored,
    NoteTrashed,
    NoteUpdated,
)
from notechondria_contracts.events.planner import PlannerEventUpdated
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import SessionReader
from notechondria_shared.messaging.consumer import Subscription
from planner_service.accounts import forget, is_present, lock_exclusively
from planner_service.calendar_sources.store import drop_unused
from planner_service.events import STATE, tell_events
from planner_service.heatmap.queries import KEEP_ACTIVITY
from planner_service.models import (
    LIVE,
    TRASHED,
    AccountState,
    Activity,
    CalendarFeed,
    CalendarLink,
    CourseRef,
    NoteRef,
    NoteSession,
    PlannerEvent,
)
from planner_service.references import queries
from planner_service.references.service import bury_course, bury_note, store_course, store_note


async def keep_course(db: AsyncSession, fact: CourseState) -> None:
    """A course was made or changed."""
    if fact.user_id is None or await is_present(db, fact.user_id):
        await store_course(db, fact)


async def lose_course(db: AsyncSession, fact: CourseDeleted) -> None:
    """A course is gone: what named it stands without one (planner §9)."""
    # The tombstone first: it waits for writes that hold the course, and turns away those to come.
    await bury_course(db, fact)
    await _clear_courses(db, [fact.course_id])


async def _clear_courses(db: AsyncSession, course_ids: list[int]) -> None:
    cleared = await db.execute(
        update(PlannerEvent)
        .where(PlannerEvent.course_id.in_(course_ids))
        .values(course_id=None, revision=PlannerEvent.revision + 1, last_edit=now())
        .returning(*STATE)
        .execution_options(synchronize_session=False)
    )
    await tell_events(db, PlannerEventUpdated, [dict(row) for row in cleared.mappings()])
    for table in (CalendarFeed, CalendarLink, Activity, NoteRef):
        await db.execute(
            update(table)
            .where(table.course_id.in_(course_ids))
            .values(course_id=None)
            .execution_options(synchronize_session=False)
        )


async def keep_created_note(db: AsyncSession, fact: NoteCreated) -> None:
    """A note was made."""
    if await is_present(db, fact.user_id):
        await store_note(db, fact, LIVE)


async def keep_updated_note(db: AsyncSession, fact: NoteUpdated) -> None:
    """Title, text or course of a note changed, wherever it lies."""
    if await is_present(db, fact.user_id):
        await store_note(db, fact, LIVE, state_known=False)


async def hide_note(db: AsyncSession, fact: NoteTrashed) -> None:
    """A note lies in the bin: its sessions are not shown (decision 12)."""
    if await is_present(db, fact.user_id):
        await store_note(db, fact, TRASHED)


async def show_note(db: AsyncSession, fact: NoteRestored) -> None:
    """A note came back, and its sessions with it."""
    if await is_present(db, fact.user_id):
        await store_note(db, fact, LIVE)


async def lose_note(db: AsyncSession, fact: NotePurged) -> None:
    """A note is gone for good, and its sessions and activity with it."""
    await lock_exclusively(db, fact.user_id)
    if not await is_present(db, fact.user_id):
        return
    await bury_note(db, fact)
    await db.execute(delete(NoteSession).where(NoteSession.note_id == fact.note_id))
    await db.execute(delete(Activity).where(Activity.note_id == fact.note_id))


async def keep_activity(db: AsyncSession, fact: ActivityRecorded) -> None:
    """Words were written (planner §1.4): kept once, unless the note or its author is gone by now."""
    if fact.word_count <= 0 or not await is_present(db, fact.user_id):
        return
    read = SessionReader(db)
    course_id = fact.course_id
    if course_id is not None and await read.value(queries.HELD_COURSE, course_id=course_id):
        course_id = None
    await read.run(
        KEEP_ACTIVITY,
        {
            "activity_id": fact.activity_id,
            "user_id": fact.user_id,
            "note_id": fact.note_id,
            "course_id": course_id,
            "activity_type": fact.activity_type,
            "activity_date": fact.activity_date,
            "word_count": fact.word_count,
        },
    )


async def follow_account(db: AsyncSession, fact: UserState) -> None:
    """An account was opened, changed or shut: the newest word counts."""
    if not await is_present(db, fact.user_id):
        return
    values = {"is_active": fact.is_active, "revision": fact.revision}
    await db.execute(
        upsert(AccountState)
        .values(user_id=fact.user_id, **values)
        .on_conflict_do_update(
            index_elements=[AccountState.user_id], set_=values, where=AccountState.revision < fact.revision
        )
    )


async def forget_user(db: AsyncSession, fact: UserDeleted) -> None:
    """An account is gone: everything of it goes, and what is told of it later is not taken up."""
    await forget(db, fact.user_id)
    courses = await db.scalars(
        select(CourseRef.course_id).where(CourseRef.user_id == fact.user_id).with_for_update()
    )
    sources = await db.scalars(
        select(CalendarFeed.source_id).where(CalendarFeed.user_id == fact.user_id, CalendarFeed.source_id.is_not(None))
    )
    unused = sorted({source_id for source_id in sources if source_id is not None})
    for table in (PlannerEvent, CalendarFeed, CalendarLink, NoteSession, Activity, NoteRef, AccountState):
        await db.execute(
            delete(table).where(table.user_id == fact.user_id).execution_options(synchronize_session=False)
        )
    await drop_unused(db, unused)
    # Others may have planned for a course of theirs.
    if owned := list(courses):
        await _clear_courses(db, owned)
        await db.execute(delete(CourseRef).where(CourseRef.course_id.in_(owned)))


SUBSCRIPTIONS = (
    Subscription(
        source="identity",
        handlers={UserActivated: follow_account, UserUpdated: follow_account, UserDeleted: forget_user},
    ),
    Subscription(
        source="notes",
        handlers={
            CourseCreated: keep_course,
            CourseUpdated: keep_course,
            CourseDeleted: lose_course,
            NoteCreated: keep_created_note,
            NoteUpdated: keep_updated_note,
            NoteTrashed: hide_note,
            NoteRestored: show_note,
            NotePurged: lose_note,
            ActivityRecorded: keep_activity,
        },
    ),
)
