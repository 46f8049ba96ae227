"""The rules of planner events (planner §2, §12.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.planner import PlannerEventCreated, PlannerEventDeleted, PlannerEventUpdated
from notechondria_shared.auth.precondition import check_precondition
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now
from planner_service.accounts import require_present
from planner_service.events import publish
from planner_service.models import PlannerEvent
from planner_service.planner_events.completion import completed_at
from planner_service.planner_events.payload import event_payload, row_of
from planner_service.planner_events.schemas import CreateEvent
from planner_service.planner_events.window import Window, moved, settle
from planner_service.references.notes import CourseReference
from planner_service.references.service import lock_course_shared

NO_EVENT = "Planner event not found."


async def create(db: AsyncSession, user_id: int, wanted: CreateEvent, course: CourseReference | None) -> PlannerEvent:
    """A new event of the user. `course` is what notes just told of a course that was not known here yet."""
    await require_present(db, user_id)
    if wanted.course_id is not None:
        await lock_course_shared(db, wanted.course_id, course)
    fields = wanted.model_dump(exclude={"event_date", "starts_at", "ends_at", "completed_at", "description"})
    event = PlannerEvent(
        user_id=user_id,
        **fields,
        description=wanted.description or "",
        completed_at=completed_at(wanted.model_dump(include={"is_completed", "completed_at"}), None, now()),
        **settle(wanted.event_date, wanted.starts_at, wanted.ends_at)._asdict(),
    )
    db.add(event)
    await db.flush()
    await publish(db, event.event(PlannerEventCreated))
    return event


async def change(
    db: AsyncSession, user_id: int, event_id: int, changes: dict[str, Any], course: CourseReference | None
) -> PlannerEvent:
    """Apply the keys of `changes`, then the completion and window rules. 404 when unknown or somebody else's."""
    # The course before the event: its deletion locks in the same order.
    if changes.get("course_id") is not None:
        await lock_course_shared(db, changes["course_id"], course)
    event = await _own(db, user_id, event_id)
    changes["completed_at"] = completed_at(changes, event.completed_at, now())
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    for name, value in (changes | _window(event, changes)._asdict()).items():
        setattr(event, name, value)
    if db.is_modified(event):
        event.touch()
        await publish(db, event.event(PlannerEventUpdated))
    return event


def _window(event: PlannerEvent, changes: dict[str, Any]) -> Window:
    """The window after a change; a date without a start moves start and end by the day difference (planner §2.4)."""
    window = Window(event.event_date, event.starts_at, event.ends_at)
    if "event_date" in changes and "starts_at" not in changes:
        window = moved(window, changes["event_date"])
    return settle(
        changes.get("event_date", window.event_date),
        changes.get("starts_at", window.starts_at),
        changes.get("ends_at", window.ends_at),
    )


async def delete(db: AsyncSession, user_id: int, event_id: int) -> None:
    """Remove an event with all its occurrences. 404 when unknown or somebody else's."""
    event = await _own(db, user_id, event_id)
    await publish(db, event.event(PlannerEventDeleted))
    await db.delete(event)


async def _own(db: AsyncSession, user_id: int, event_id: int) -> PlannerEvent:
    event: PlannerEvent | None = await db.scalar(
        select(PlannerEvent).where(PlannerEvent.id == event_id, PlannerEvent.user_id == user_id).with_for_update()
    )
    if event is None:
        raise NotFound(NO_EVENT)
    check_precondition(event_payload(row_of(event)))
    return event
