"""The feed payload (planner §3.3), and the summary of an import (planner §12.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import nsmallest
from operator import itemgetter

from notechondria_shared.core.timestamps import iso_offset, iso_z
from planner_service.calendar_feeds.floating import in_zone
from planner_service.calendar_feeds.queries import Entry, FeedRow
from planner_service.calendar_feeds.schemas import (
    CreatedFeed,
    FeedHealth,
    FeedPayload,
    FeedPreview,
    ImportSummary,
    PreviewedEvent,
    SkippedEntries,
    SummaryEvent,
)
from planner_service.calendars.reading import SHOWN, Reading, from_seconds

NOTHING = "There is nothing to read: neither a text nor an address was given."
NO_ENTRIES = "There are no entries in it."
NOT_YET = "It is still being read."


def feed_payload(row: FeedRow) -> FeedPayload:
    """The payload of a row."""
    return FeedPayload(
        id=row.id,
        title=row.title,
        source_kind=row.source_kind,
        source_url=row.source_url,
        has_credentials=row.credentials is not None,
        is_enabled=row.is_enabled,
        course_id=row.course_id,
        last_sync=_time(row.last_sync),
        last_error=row.last_error,
        entry_count=row.entry_count,
        date_created=iso_z(row.date_created),
        last_edit=iso_z(row.last_edit),
        skipped=SkippedEntries(count=row.skipped, reason=row.skipped_reason),
        health=FeedHealth(
            ok=row.last_sync is not None and row.failing_since is None,
            failing_since=_time(row.failing_since),
            last_success=_time(row.last_sync),
            entries=row.entry_count,
            skipped=row.skipped,
            next_read=_time(row.next_read_at),
        ),
    )


def _shown(at: int, zone: str | None) -> datetime:
    return in_zone(from_seconds(at), zone)


def preview(reading: Reading, zone: str | None) -> FeedPreview:
    """What a feed would show to a person in `zone`, of a reading."""
    entries = [
        (_shown(start, zone if floats else None), _shown(end, zone if floats else None), title)
        for _, start, end, title, floats in reading.rows
    ]
    first = nsmallest(SHOWN, entries, key=itemgetter(0, 1))
    unread = reading.error or (NO_ENTRIES if not reading.count else "")
    return FeedPreview(
        ok=reading.count > 0,
        name=reading.name,
        count=reading.count,
        events=[
            PreviewedEvent(
                title=title or reading.name,
                starts_at=iso_offset(start),
                ends_at=iso_offset(end),
            )
            for start, end, title in first
        ],
        skipped=SkippedEntries(count=reading.skipped, reason=reading.skipped_reason),
        error=unread or reading.note or "",
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso_z(at)


def created_feed(row: FeedRow, shown: Iterable[Entry]) -> CreatedFeed:
    """The payload of a feed that was just made; `shown` are its first entries."""
    return CreatedFeed(**dict(feed_payload(row)), import_summary=summary(row, shown))


def summary(feed: FeedRow, shown: Iterable[Entry]) -> ImportSummary:
    """`import_summary` (planner §12.4) of a feed; `shown` are its first entries."""
    unread = NOT_YET if feed.last_sync is None else NO_ENTRIES
    reason = NOTHING if feed.source_id is None else feed.last_error or unread
    return ImportSummary(
        ok=feed.entry_count > 0,
        count=feed.entry_count,
        events=[
            SummaryEvent(title=entry.title or feed.title, starts_at=iso_offset(entry.starts_at)) for entry in shown
        ],
        error="" if feed.entry_count else reason,
    )
