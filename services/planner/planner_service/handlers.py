"""What planner consumes (ADR 0003). The first sentence of a handler says what it does; docs/events.md shows it."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError
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
from planner_service.accounts import ACCOUNTS
from planner_service.calendar_sources.store import drop_unused
from planner_service.event_batches import apply_batch
from planner_service.events import publish
from planner_service.heatmap.queries import INSERT_ACTIVITY
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
from planner_service.references.service import mark_course_deleted, mark_note_purged, store_course, store_note


async def on_course_changed(db: AsyncSession, event: CourseState) -> None:
    """Keep the reference to the course up to date."""
    if event.user_id is None or await ACCOUNTS.is_present(db, event.user_id):
        await store_course(db, event)


async def on_course_deleted(db: AsyncSession, event: CourseDeleted) -> None:
    """Take the course off events, feeds and links (planner §9)."""
    # The tombstone first: it waits for writes that lock the course, and later ones see it.
    await mark_course_deleted(db, event)
    await _clear_courses(db, [event.course_id])


async def _clear_courses(db: AsyncSession, course_ids: list[int]) -> None:
    cleared = await db.execute(
        PlannerEvent.bulk_change(PlannerEvent.course_id.in_(course_ids), course_id=None, last_edit=now())
    )
    await publish(db, *(PlannerEvent.row_event(PlannerEventUpdated, row) for row in cleared))
    for table in (CalendarFeed, CalendarLink, Activity, NoteRef):
        await db.execute(
            update(table)
            .where(table.course_id.in_(course_ids))
            .values(course_id=None)
            .execution_options(synchronize_session=False)
        )


async def on_note_created(db: AsyncSession, event: NoteCreated) -> None:
    """Keep a reference to the note."""
    if await ACCOUNTS.is_present(db, event.user_id):
        await store_note(db, event, LIVE)


async def on_note_updated(db: AsyncSession, event: NoteUpdated) -> None:
    """Keep the reference to the note up to date, also while it is in the bin."""
    if await ACCOUNTS.is_present(db, event.user_id):
        await store_note(db, event, LIVE, state_known=False)


async def on_note_trashed(db: AsyncSession, event: NoteTrashed) -> None:
    """Hide the work sessions of the note (decision 12)."""
    if await ACCOUNTS.is_present(db, event.user_id):
        await store_note(db, event, TRASHED)


async def on_note_restored(db: AsyncSession, event: NoteRestored) -> None:
    """Show the work sessions of the note again."""
    if await ACCOUNTS.is_present(db, event.user_id):
        await store_note(db, event, LIVE)


async def on_note_purged(db: AsyncSession, event: NotePurged) -> None:
    """Delete the work sessions and the activity of the note."""
    # Exclusive: writers of work sessions hold the account while they use the note.
    if not await ACCOUNTS.lock(db, event.user_id):
        return
    await mark_note_purged(db, event)
    await db.execute(delete(NoteSession).where(NoteSession.note_id == event.note_id))
    await db.execute(delete(Activity).where(Activity.note_id == event.note_id))


async def on_activity_recorded(db: AsyncSession, event: ActivityRecorded) -> None:
    """Keep a row of the heatmap (planner §1.4), once, unless the note or its author is gone."""
    if event.word_count <= 0 or not await ACCOUNTS.is_present(db, event.user_id):
        return
    read = SessionReader(db)
    course_id = event.course_id
    if course_id is not None and await read.value(queries.LOCKED_COURSE, course_id=course_id):
        course_id = None
    await read.run(
        INSERT_ACTIVITY,
        {
            "activity_id": event.activity_id,
            "user_id": event.user_id,
            "note_id": event.note_id,
            "course_id": course_id,
            "activity_type": event.activity_type,
            "activity_date": event.activity_date,
            "word_count": event.word_count,
        },
    )


async def _is_known(db: AsyncSession, zone: str) -> bool:
    """Whether Postgres can reckon with a zone: it and Python may have different editions of the database of zones."""
    if not zone:
        return True
    try:
        async with db.begin_nested():
            await db.scalar(select(func.timezone(zone, func.now())))
    except DBAPIError:
        return False
    return True


async def on_user_changed(db: AsyncSession, event: UserState) -> None:
    """Open or close the published calendars with the account, keep its time zone; the newest revision counts."""
    if not await ACCOUNTS.is_present(db, event.user_id):
        return
    zone = event.timezone if await _is_known(db, event.timezone) else ""
    values = {"is_active": event.is_active, "timezone": zone, "revision": event.revision}
    await db.execute(
        upsert(AccountState)
        .values(user_id=event.user_id, **values)
        .on_conflict_do_update(
            index_elements=[AccountState.user_id], set_=values, where=AccountState.revision < event.revision
        )
    )


async def on_user_deleted(db: AsyncSession, event: UserDeleted) -> None:
    """Delete everything of the account; later events of it have no effect."""
    await ACCOUNTS.mark_deleted(db, event.user_id)
    courses = await db.scalars(select(CourseRef.course_id).where(CourseRef.user_id == event.user_id).with_for_update())
    sources = await db.scalars(
        select(CalendarFeed.source_id).where(CalendarFeed.user_id == event.user_id, CalendarFeed.source_id.is_not(None))
    )
    unused = sorted({source_id for source_id in sources if source_id is not None})
    for table in (PlannerEvent, CalendarFeed, CalendarLink, NoteSession, Activity, NoteRef, AccountState):
        await db.execute(
            delete(table).where(table.user_id == event.user_id).execution_options(synchronize_session=False)
        )
    await drop_unused(db, unused)
    # Others may have planned for a course of theirs.
    if owned := list(courses):
        await _clear_courses(db, owned)
        await db.execute(delete(CourseRef).where(CourseRef.course_id.in_(owned)))


SUBSCRIPTIONS = (
    Subscription(
        source="identity",
        handlers={UserActivated: on_user_changed, UserUpdated: on_user_changed, UserDeleted: on_user_deleted},
    ),
    Subscription(
        source="notes",
        handlers={
            CourseCreated: on_course_changed,
            CourseUpdated: on_course_changed,
            CourseDeleted: on_course_deleted,
            NoteCreated: on_note_created,
            NoteUpdated: on_note_updated,
            NoteTrashed: on_note_trashed,
            NoteRestored: on_note_restored,
            NotePurged: on_note_purged,
            ActivityRecorded: on_activity_recorded,
        },
        batch=apply_batch,
    ),
)
