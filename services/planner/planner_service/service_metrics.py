"""What planner counts beside what every service counts. Imported only when metrics are on."""

from __future__ import annotations

import time

from prometheus_client import Counter, Histogram

from planner_service.calendar_sources.fetch import CalendarFetcher, Fetched, FetchFailed
from planner_service.calendar_sources.refresher import Refresher

FETCHES = Counter(
    "notechondria_feed_fetches",
    "Calendars fetched: changed, unchanged (304), failed (may be over soon), refused (the address has none for us).",
    ["service", "outcome"],
)
DURATION = Histogram(
    "notechondria_feed_fetch_duration_seconds",
    "Of one fetch, redirects and all.",
    ["service"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)


class CountedFetcher:
    """Counts and times fetches; no address is a label, for it may be a secret."""

    def __init__(self, inner: CalendarFetcher, service: str) -> None:
        self._inner, self._service = inner, service

    async def close(self) -> None:
        """Drop what is open."""
        await self._inner.close()

    async def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """The calendar at `url`, as without counting."""
        began, outcome = time.perf_counter(), "failed"
        try:
            fetched = await self._inner.fetch(url, etag, last_modified)
            outcome = "unchanged" if fetched.text is None else "changed"
        except FetchFailed as failure:
            outcome = "refused" if failure.is_final else "failed"
            raise
        else:
            return fetched
        finally:
            DURATION.labels(self._service).observe(time.perf_counter() - began)
            FETCHES.labels(self._service, outcome).inc()


def count_fetches(refresher: Refresher, service: str) -> None:
    """Count what the refresher fetches."""
    refresher.fetcher = CountedFetcher(refresher.fetcher, service)
