"""The week of one user with 200 feeds of 500 entries and 2,000 events, through the gateway.

`make bench-planner`; a stack of its own on free ports, thrown away afterwards. Exit code 1 when the week takes longer
than its limit.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
from tests.support.client import Api

from notechondria_launcher.stack import Stack

FEEDS, ENTRIES, EVENTS = 200, 500, 2000
REQUESTS = 300
LIMIT_MS = 40.0

FILL = """
WITH sources AS (
    INSERT INTO planner.calendar_sources
        (digest, url, body, entry_count, has_series, failures, last_sync, next_read_at, touched_at)
    SELECT 'bench ' || n, 'http://feeds.example/' || n, '', %(entries)s, true, 0, now(), now() + interval '1 day', now()
    FROM generate_series(1, %(feeds)s) n RETURNING id
), years AS (
    INSERT INTO planner.calendar_years (source_id, year, expanded_at)
    SELECT id, extract(year FROM now())::int + shift, now() FROM sources, generate_series(-1, 1) shift
), feeds AS (
    INSERT INTO planner.calendar_feeds
        (user_id, title, source_kind, source_url, source_id, is_enabled, date_created, last_edit)
    SELECT %(user)s, 'Feed ' || id, 'S', 'http://feeds.example/', id, true, now(), now() FROM sources
)
INSERT INTO planner.calendar_occurrences (source_id, year, starts_at, ends_at, title)
SELECT id, 0, at_time, at_time + interval '1 hour', 'Entry ' || n
FROM sources, generate_series(1, %(entries)s) n,
    LATERAL (SELECT now() + (n - %(entries)s / 2) * interval '17 hours' + id * interval '7 minutes' AS at_time) AS at
"""
PLAN = """
INSERT INTO planner.planner_events (user_id, title, event_date, starts_at, ends_at, difficulty_weight, description,
    is_completed, recurrence_freq, recurrence_interval, revision, date_created, last_edit)
SELECT %(user)s, 'Event ' || n, at_time::date, at_time, at_time + interval '1 hour', 1 + n %% 5, '', n %% 10 = 0,
    CASE n %% 50 WHEN 0 THEN 'W' WHEN 1 THEN 'M' ELSE 'N' END, 1, 1, now(), now()
FROM generate_series(1, %(events)s) n,
    LATERAL (SELECT now() + (n - %(events)s / 2) * interval '9 hours' AS at_time) AS at
"""


def measure(stack: Stack) -> tuple[list[float], int, int]:
    """Milliseconds of each request, items in a week, bytes of an answer."""
    with Api(stack) as api:
        user = api.register()
        with psycopg.connect(stack.database_url("planner"), autocommit=True) as database:
            database.execute(FILL, {"user": user.id, "feeds": FEEDS, "entries": ENTRIES})
            database.execute(PLAN, {"user": user.id, "events": EVENTS})
            database.execute("ANALYZE planner.calendar_occurrences, planner.calendar_feeds, planner.planner_events")
        today = datetime.now(UTC).date()
        times, answer = [], httpx.Response(204)
        for number in range(REQUESTS + 20):
            start = today + timedelta(days=number % 14 - 7)
            begun = time.perf_counter()
            answer = user.get(f"activity/week/?start_date={start}")
            taken = (time.perf_counter() - begun) * 1000
            assert answer.status_code == 200, answer.text
            if number >= 20:
                times.append(taken)
        return times, sum(len(day["events"]) for day in answer.json()["days"]), len(answer.content)


def main() -> int:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0"}
        with Stack(Path(folder), env=environment) as stack:
            times, items, size = measure(stack)
    cuts = statistics.quantiles(times, n=100)
    print(f"{FEEDS} feeds of {ENTRIES} entries, {EVENTS} events: a week of {items} items, {size / 1024:.0f} KiB")
    p50, p95, p99 = (cuts[at - 1] for at in (50, 95, 99))
    print(f"{len(times)} requests one after the other: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms")
    print(f"limit p95 {LIMIT_MS:.0f} ms: {'kept' if p95 <= LIMIT_MS else 'BROKEN'}")
    return 0 if p95 <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
