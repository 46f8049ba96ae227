"""The rules of calendar feeds (planner §3, §5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import NonFieldError, NotFound
from planner_service.accounts import ACCOUNTS
from planner_service.calendar_feeds.queries import FeedRow
from planner_service.calendar_feeds.schemas import ChangeFeed, CreateFeed
from planner_service.calendar_sources import store
from planner_service.calendar_sources.addresses import Addresses, SourceAddress
from planner_service.calendar_sources.store import Content
from planner_service.events import feed_deleted, publish
from planner_service.models import CalendarFeed
from planner_service.references.notes import CourseReference
from planner_service.references.service import lock_course_shared

NO_FEED = "Calendar feed not found."
COMPARABLE = ("title", "source_kind", "source_url", "is_enabled", "course_id")
"""What a precondition of another service may name."""


def content(raw_ical: str, address: SourceAddress) -> Content | None:
    """What is read (planner §5.1): the text when there is one, else the address, else nothing."""
    if raw_ical:
        return Content(None, raw_ical)
    return Content(address.url, credentials=address.credentials, mark=address.mark) if address.url else None


@dataclass(frozen=True, slots=True)
class ContentChange:
    """Whether a feed is read from something else after a change, and from what."""

    is_changed: bool
    content: Content | None
    address: SourceAddress
    """The feed's own, also where a text is read."""


NOTHING_ELSE = ContentChange(is_changed=False, content=None, address=SourceAddress(""))
"""Of changes without an address and a text."""


def changed_content(stored: FeedRow, body: ChangeFeed, addresses: Addresses) -> ContentChange:
    """What a change of the feed `stored` does to what it is read from.

    An address that is sent back as it was shown, without its credentials, is the same one.
    """
    if body.source_url is None or body.source_url == stored.source_url:
        address = addresses.stored(stored.source_url, stored.credentials)
    else:
        address = addresses.split(body.source_url)
    if body.raw_ical is not None:
        return ContentChange(is_changed=True, content=content(body.raw_ical, address), address=address)
    has_text = stored.source_id is not None and stored.read_url is None
    is_changed = body.source_url is not None and not has_text
    return ContentChange(is_changed=is_changed, content=content("", address), address=address)


async def create(
    db: AsyncSession,
    user_id: int,
    body: CreateFeed,
    address: SourceAddress,
    source: Content | None,
    course: CourseReference | None,
    most: int,
) -> CalendarFeed:
    """A new feed of the user, who may have so many; `address` is that of the body.

    `course` is the answer of notes about a course that was not known here yet.
    """
    await ACCOUNTS.require_present(db, user_id)
    count = select(func.count()).select_from(CalendarFeed).where(CalendarFeed.user_id == user_id)
    if (await db.scalar(count) or 0) >= most:
        raise NonFieldError(f"There are {most} calendars already; remove one first.")
    if body.course_id is not None:
        await lock_course_shared(db, body.course_id, course)
    feed = CalendarFeed(
        user_id=user_id,
        **body.model_dump(exclude={"raw_ical", "source_url"}),
        source_url=address.url,
        credentials=address.credentials,
        source_id=None if source is None else await store.lock_shared(db, source),
    )
    db.add(feed)
    await db.flush()
    return feed


async def change(
    db: AsyncSession,
    user_id: int,
    feed_id: int,
    body: ChangeFeed,
    course: CourseReference | None,
    precondition: Precondition,
    source: ContentChange = NOTHING_ELSE,
) -> None:
    """Apply the keys that were sent; `source` is from `changed_content`. 404 when unknown or somebody else's."""
    # Lock order: the course before the feed, as its deletion does.
    if body.course_id is not None:
        await lock_course_shared(db, body.course_id, course)
    feed = await _own(db, user_id, feed_id, precondition)
    before = feed.source_id
    if source.is_changed:
        feed.source_id = None if source.content is None else await store.lock_shared(db, source.content)
    for name, value in body.changes().items():
        if name == "source_url":
            feed.source_url, feed.credentials = source.address.url, source.address.credentials
        elif name != "raw_ical":
            setattr(feed, name, value)
    feed.touch()
    await db.flush()
    if before is not None and before != feed.source_id:
        await store.drop_unused(db, [before])


async def delete(db: AsyncSession, user_id: int, feed_id: int, precondition: Precondition) -> None:
    """Remove a feed, and what was read for it unless others share it. 404 when unknown or somebody else's."""
    feed = await _own(db, user_id, feed_id, precondition)
    await publish(db, feed_deleted(feed))
    await db.delete(feed)
    await db.flush()
    if feed.source_id is not None:
        await store.drop_unused(db, [feed.source_id])


async def _own(db: AsyncSession, user_id: int, feed_id: int, precondition: Precondition) -> CalendarFeed:
    feed: CalendarFeed | None = await db.scalar(
        select(CalendarFeed).where(CalendarFeed.id == feed_id, CalendarFeed.user_id == user_id).with_for_update()
    )
    if feed is None:
        raise NotFound(NO_FEED)
    precondition.check({name: getattr(feed, name) for name in COMPARABLE})
    return feed
