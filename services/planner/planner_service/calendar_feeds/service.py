"""The rules of calendar feeds (planner §3, §5.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.auth.precondition import check_precondition
from notechondria_shared.core.errors import NonFieldError, NotFound
from notechondria_shared.db.tables import Row
from planner_service.accounts import require_present
from planner_service.calendar_feeds.schemas import CreateFeed
from planner_service.calendar_sources import store
from planner_service.calendar_sources.store import Content
from planner_service.events import feed_deleted, publish
from planner_service.models import CalendarFeed
from planner_service.references.notes import CourseReference
from planner_service.references.service import lock_course_shared

MOST_FEEDS = 200
NO_FEED = "Calendar feed not found."
EXPECTABLE = ("title", "source_kind", "source_url", "is_enabled", "course_id")
"""What a change between services may depend on."""


def content(raw_ical: str, source_url: str) -> Content | None:
    """What is read (planner §5.1): the text when there is one, else the address, else nothing."""
    if raw_ical:
        return Content(None, raw_ical)
    return Content(source_url) if source_url else None


def changed_content(stored: Row, changes: dict[str, Any]) -> tuple[bool, Content | None]:
    """Whether a change of the feed `stored` (a row of `queries.COLUMNS`) has it read from something else, and what."""
    url = str(changes.get("source_url", stored["source_url"]))
    if "raw_ical" in changes:
        return True, content(str(changes["raw_ical"]), url)
    has_text = stored["source_id"] is not None and stored["read_url"] is None
    return "source_url" in changes and not has_text, content("", url)


async def create(
    db: AsyncSession, user_id: int, wanted: CreateFeed, source: Content | None, course: CourseReference | None
) -> CalendarFeed:
    """A new feed of the user. `course` is what notes just told of a course that was not known here yet."""
    await require_present(db, user_id)
    held = select(func.count()).select_from(CalendarFeed).where(CalendarFeed.user_id == user_id)
    if (await db.scalar(held) or 0) >= MOST_FEEDS:
        raise NonFieldError(f"There are {MOST_FEEDS} calendars already; remove one first.")
    if wanted.course_id is not None:
        await lock_course_shared(db, wanted.course_id, course)
    feed = CalendarFeed(
        user_id=user_id,
        **wanted.model_dump(exclude={"raw_ical"}),
        source_id=None if source is None else await store.hold(db, source),
    )
    db.add(feed)
    await db.flush()
    return feed


async def change(
    db: AsyncSession,
    user_id: int,
    feed_id: int,
    changes: dict[str, Any],
    course: CourseReference | None,
    read_from: tuple[bool, Content | None],
) -> None:
    """Apply the keys of `changes`; `read_from` as `changed_content` tells. 404 when unknown or somebody else's."""
    # The course before the feed: its deletion locks in the same order.
    if changes.get("course_id") is not None:
        await lock_course_shared(db, changes["course_id"], course)
    feed = await _own(db, user_id, feed_id)
    before = feed.source_id
    is_changed, source = read_from
    if is_changed:
        feed.source_id = None if source is None else await store.hold(db, source)
    for name, value in changes.items():
        if name != "raw_ical":
            setattr(feed, name, value)
    feed.touch()
    await db.flush()
    if before is not None and before != feed.source_id:
        await store.drop_unused(db, [before])


async def delete(db: AsyncSession, user_id: int, feed_id: int) -> None:
    """Remove a feed, and what was read for it unless others share it. 404 when unknown or somebody else's."""
    feed = await _own(db, user_id, feed_id)
    await publish(db, feed_deleted(feed))
    await db.delete(feed)
    await db.flush()
    if feed.source_id is not None:
        await store.drop_unused(db, [feed.source_id])


async def _own(db: AsyncSession, user_id: int, feed_id: int) -> CalendarFeed:
    feed: CalendarFeed | None = await db.scalar(
        select(CalendarFeed).where(CalendarFeed.id == feed_id, CalendarFeed.user_id == user_id).with_for_update()
    )
    if feed is None:
        raise NotFound(NO_FEED)
    check_precondition({name: getattr(feed, name) for name in EXPECTABLE})
    return feed
