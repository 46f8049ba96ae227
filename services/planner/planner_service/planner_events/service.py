"""The rules of planner events (planner §2, §12.1)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.planner import PlannerEventCreated, PlannerEventDeleted, PlannerEventUpdated
from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now
from planner_service.accounts import ACCOUNTS
from planner_service.events import publish
from planner_service.models import PlannerEvent
from planner_service.planner_events.completion import completed_at
from planner_service.planner_events.payload import event_fields
from planner_service.planner_events.queries import EventRow
from planner_service.planner_events.schemas import ChangeEvent, CreateEvent
from planner_service.planner_events.window import Window, moved, settle
from planner_service.references.notes import CourseReference
from planner_service.references.service import lock_course_shared

NO_EVENT = "Planner event not found."
_COMPUTED = frozenset({"event_date", "starts_at", "ends_at", "completed_at", "description"})


async def create(db: AsyncSession, user_id: int, body: CreateEvent, course: CourseReference | None) -> PlannerEvent:
    """A new event of the user. `course` is the answer of notes about a course that was not known here yet."""
    await ACCOUNTS.require_present(db, user_id)
    if body.course_id is not None:
        await lock_course_shared(db, body.course_id, course)
    window = settle(body.event_date, body.starts_at, body.ends_at)
    event = PlannerEvent(
        user_id=user_id,
        **body.model_dump(exclude=set(_COMPUTED)),
        description=body.description or "",
        completed_at=completed_at(body.model_dump(include={"is_completed", "completed_at"}), None, now()),
        event_date=window.event_date,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        is_all_day=body.starts_at is None and body.ends_at is None,
    )
    db.add(event)
    await db.flush()
    await publish(db, event.event(PlannerEventCreated))
    return event


async def change(
    db: AsyncSession,
    user_id: int,
    event_id: int,
    body: ChangeEvent,
    course: CourseReference | None,
    precondition: Precondition,
) -> PlannerEvent:
    """Apply the keys that were sent, then the rules of completion and window. 404 when unknown or somebody else's."""
    # Lock order: the course before the event, as its deletion does.
    if body.course_id is not None:
        await lock_course_shared(db, body.course_id, course)
    event = await _lock_own(db, user_id, event_id, precondition)
    changes = body.changes()
    event.completed_at = completed_at(changes, event.completed_at, now())
    if body.sent("description"):
        event.description = body.description or ""
    window = _window(event, body)
    event.event_date, event.starts_at, event.ends_at = window.event_date, window.starts_at, window.ends_at
    if body.sent("starts_at") or body.sent("ends_at"):
        event.is_all_day = body.sent("starts_at") and body.starts_at is None and body.ends_at is None
    for name, value in changes.items():
        if name not in _COMPUTED:
            setattr(event, name, value)
    if db.is_modified(event):
        event.touch()
        await publish(db, event.event(PlannerEventUpdated))
    return event


def _window(event: PlannerEvent, body: ChangeEvent) -> Window:
    """The window after a change; a date without a start moves start and end by the day difference (planner §2.4)."""
    window = Window(event.event_date, event.starts_at, event.ends_at)
    if body.event_date is not None and not body.sent("starts_at"):
        window = moved(window, body.event_date)
    return settle(
        body.event_date or window.event_date,
        body.starts_at if body.sent("starts_at") else window.starts_at,
        body.ends_at if body.sent("ends_at") else window.ends_at,
    )


async def delete(db: AsyncSession, user_id: int, event_id: int, precondition: Precondition) -> None:
    """Remove an event with all its occurrences. 404 when unknown or somebody else's."""
    event = await _lock_own(db, user_id, event_id, precondition)
    await publish(db, event.event(PlannerEventDeleted))
    await db.delete(event)


async def _lock_own(db: AsyncSession, user_id: int, event_id: int, precondition: Precondition) -> PlannerEvent:
    event: PlannerEvent | None = await db.scalar(
        select(PlannerEvent).where(PlannerEvent.id == event_id, PlannerEvent.user_id == user_id).with_for_update()
    )
    if event is None:
        raise NotFound(NO_EVENT)
    precondition.check(event_fields(EventRow.of(event)))
    return event
