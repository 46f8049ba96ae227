"""The week of one user with 200 feeds of 500 entries and 2,000 events; and how many feeds a process reads.

`make bench-planner`; a stack of its own on free ports, thrown away afterwards. Exit code 1 when the week takes longer
than its limit, or when fewer feeds than the goal are read in a minute by one process.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psycopg
from tests.support.client import Api

from bench.load import Sample
from notechondria_launcher.stack import Stack

FEEDS, ENTRIES, EVENTS = 200, 500, 2000
REQUESTS = 300
LIMIT_MS = 40.0
REFRESHED_PER_MINUTE = 200
OWNERS = 40

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


DUE = """
WITH sources AS (
    INSERT INTO planner.calendar_sources
        (digest, url, body, entry_count, has_series, failures, next_read_at, touched_at)
    SELECT 'due ' || n, %(base)s || n || '.ics', '', 0, false, 0, now(), now()
    FROM generate_series(1, %(feeds)s) n RETURNING id
)
INSERT INTO planner.calendar_feeds
    (user_id, title, source_kind, source_url, source_id, is_enabled, date_created, last_edit)
SELECT 1000000 + id %% %(owners)s, 'Due ' || id, 'S', 'http://feeds.example/', id, true, now(), now() FROM sources
"""


def calendar(number: int) -> bytes:
    """A calendar of 500 entries, a tenth of them series."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN"]
    begin = datetime.now(UTC) - timedelta(days=200)
    for entry in range(ENTRIES):
        start = begin + timedelta(hours=17 * entry, minutes=number)
        lines += ["BEGIN:VEVENT", f"UID:{number}-{entry}@bench", f"SUMMARY:Entry {entry}"]
        lines += [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H"]
        lines += ["RRULE:FREQ=WEEKLY", "END:VEVENT"] if entry % 10 == 0 else ["END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def refresh(stack: Stack) -> float:
    """Feeds that one process fetches, reads and stores in a minute; they are of many users and all due at once."""
    pages = {f"/{number}.ics": calendar(number) for number in range(1, FEEDS + 1)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages[self.path]
            self.send_response(200)
            self.send_header("Content-Type", "text/calendar")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    read = "SELECT count(*) FROM planner.calendar_sources WHERE digest LIKE 'due %' AND last_sync IS NOT NULL"
    try:
        with psycopg.connect(stack.database_url("planner"), autocommit=True) as database:
            begun = time.perf_counter()
            base = f"http://127.0.0.1:{server.server_port}/"
            database.execute(DUE, {"base": base, "feeds": FEEDS, "owners": OWNERS})
            while (database.execute(read).fetchone() or (0,))[0] < FEEDS:
                assert time.perf_counter() - begun < 300, "the feeds are not read"
                time.sleep(0.2)
            return FEEDS * 60 / (time.perf_counter() - begun)
    finally:
        server.shutdown()
        server.server_close()


def measure(stack: Stack) -> tuple[Sample, int, int]:
    """Each request, items in a week, bytes of an answer."""
    with Api(stack) as api:
        user = api.register()
        with psycopg.connect(stack.database_url("planner"), autocommit=True) as database:
            database.execute(FILL, {"user": user.id, "feeds": FEEDS, "entries": ENTRIES})
            database.execute(PLAN, {"user": user.id, "events": EVENTS})
            database.execute("ANALYZE planner.calendar_occurrences, planner.calendar_feeds, planner.planner_events")
        today = datetime.now(UTC).date()
        sample, answer = Sample("the week"), httpx.Response(204)
        started = time.perf_counter()
        for number in range(REQUESTS + 20):
            start = today + timedelta(days=number % 14 - 7)
            begun = time.perf_counter()
            answer = user.get(f"activity/week/?start_date={start}")
            taken = time.perf_counter() - begun
            assert answer.status_code == 200, answer.text
            if number >= 20:
                sample.durations.append(taken)
        sample.seconds = time.perf_counter() - started
        return sample, sum(len(day["events"]) for day in answer.json()["days"]), len(answer.content)


def main() -> int:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        environment = {
            "AUTH_RATE_PER_MINUTE": "0",
            "ACCOUNT_RATE_PER_MINUTE": "0",
            "CALENDAR_FEED_ALLOW_HOSTS": "127.0.0.1",
        }
        with Stack(Path(folder), env=environment) as stack:
            sample, items, size = measure(stack)
            refreshed = refresh(stack)
    p95 = sample.percentile(0.95)
    print(f"{FEEDS} feeds of {ENTRIES} entries, {EVENTS} events: a week of {items} items, {size / 1024:.0f} KiB")
    print(sample.line())
    print(f"limit p95 {LIMIT_MS:.0f} ms: {'kept' if p95 <= LIMIT_MS else 'BROKEN'}")
    kept = refreshed >= REFRESHED_PER_MINUTE
    print(f"{refreshed:.0f} feeds of {ENTRIES} entries read in a minute by one process")
    print(f"goal {REFRESHED_PER_MINUTE}: {'kept' if kept else 'BROKEN'}")
    return 0 if p95 <= LIMIT_MS and kept else 1


if __name__ == "__main__":
    sys.exit(main())
