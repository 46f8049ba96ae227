"""Calendar feeds and the sources they read from (planner §1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from notechondria_shared.core.timestamps import now
from notechondria_shared.django_import.command import ImportRun
from notechondria_shared.django_import.source import Monolith
from planner_service.calendar_feeds.urls import normalised
from planner_service.calendar_sources.store import Content
from planner_service.django_import.content import ImportedContent
from planner_service.models import IMPORTED, SUBSCRIBED, CalendarFeed, CalendarSource
from planner_service.settings import PlannerSettings

FEEDS = "calendar feeds"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A row of `calendar_sources` that is due to be read."""

    digest: str
    url: str | None
    body: str
    next_read_at: datetime
    touched_at: datetime
    entry_count: int = 0
    has_series: bool = False
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """A row of `calendar_feeds`."""

    id: int
    user_id: int
    course_id: int | None
    title: str
    source_kind: str
    source_url: str
    source_id: int | None
    is_enabled: bool
    date_created: datetime
    last_edit: datetime


def import_feeds(run: ImportRun[PlannerSettings], table: str, content: ImportedContent) -> None:
    """Import the sources, one for each address or text, and the feeds that read from them."""
    feeds = list(_feeds(run.source, table, content))
    sources = {source.digest: source for _, source in feeds if source}
    run.target.write("calendars", CalendarSource, map(_source, sources.values()), counted=False)
    ids = _ids(run, sources)
    rows = (replace(feed, source_id=ids.get(source.digest)) if source else feed for feed, source in feeds)
    run.target.write(FEEDS, CalendarFeed, rows)


def _feeds(source: Monolith, table: str, content: ImportedContent) -> Iterator[tuple[FeedRow, Content | None]]:
    """Each feed with what it is read from: a pasted text, else the address, else nothing (planner §5.1)."""
    for row in content.report.counted(FEEDS, source.rows(table)):
        if (owner := content.accounts.owned(content.report, FEEDS, row)) is None:
            continue
        url, body, dates = normalised(row.text("source_url")), row.text("raw_ical"), row.dates()
        feed = FeedRow(
            id=row.id,
            user_id=owner.user_id,
            course_id=content.course(row),
            title=row.text("title", longest=120),
            source_kind=row.choice("source_kind", (IMPORTED, SUBSCRIBED), IMPORTED),
            source_url=url,
            source_id=None,
            is_enabled=row.flag("is_enabled", default=True),
            date_created=dates.date_created,
            last_edit=dates.last_edit,
        )
        yield feed, Content(None, body) if body else Content(url) if url else None


def _source(content: Content) -> SourceRow:
    at = now()
    return SourceRow(digest=content.digest, url=content.url, body=content.text, next_read_at=at, touched_at=at)


def _ids(run: ImportRun[PlannerSettings], digests: Iterable[str]) -> dict[str, int]:
    """The sources that are there, by digest; none in a dry run before the schema is made."""
    if not run.target.has(CalendarSource):
        return {}
    statement = "SELECT digest, id FROM planner.calendar_sources WHERE digest = ANY(%s)"
    return {str(row[0]): int(str(row[1])) for row in run.target.connection.execute(statement, (list(digests),))}
