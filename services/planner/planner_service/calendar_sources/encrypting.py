"""Addresses that still have their credentials in them, as an import writes them: taken apart in the background."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from planner_service.calendar_sources.addresses import Addresses
from planner_service.calendar_sources.store import Content
from planner_service.models import CalendarFeed, CalendarSource

BATCH = 100


def _has_credentials(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
) -> ColumnElement[bool]:
    return column.regexp_match("^[A-Za-z]+://[^/?#]*@")


async def encrypt_feeds(db: AsyncSession, addresses: Addresses) -> int:
    """A batch of feeds; how many."""
    feeds = await db.scalars(
        select(CalendarFeed)
        .where(_has_credentials(CalendarFeed.source_url))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    changed = feeds.all()
    for feed in changed:
        address = addresses.split(feed.source_url)
        feed.source_url, feed.credentials = address.url, address.credentials
    await db.flush()
    return len(changed)


async def encrypt_sources(db: AsyncSession, addresses: Addresses) -> int:
    """A batch of sources; how many. One that is there already under its new digest takes over the feeds."""
    sources = await db.scalars(
        select(CalendarSource)
        .where(_has_credentials(CalendarSource.url))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    changed = sources.all()
    for source in changed:
        address = addresses.split(source.url or "")
        digest = Content(address.url, credentials=address.credentials, mark=address.mark).digest
        other = await db.scalar(select(CalendarSource.id).where(CalendarSource.digest == digest))
        if other is None:
            source.digest = digest
        else:
            await db.execute(
                update(CalendarFeed)
                .where(CalendarFeed.source_id == source.id)
                .values(source_id=other)
                .execution_options(synchronize_session=False)
            )
        source.url, source.credentials = address.url, address.credentials
        await db.flush()
    return len(changed)
