"""How many events planner applies in a second, in one process; beside a plain consumer that keeps the same rows.

`make bench-events`; a stack of its own on free ports, thrown away afterwards. Planner is stopped (SIGSTOP) while the
events are published, and goes on when all of them lie in the stream, so only the applying is measured. Exit code 1 when
the goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
import psycopg
from tests.support.client import Api

from bench import bare_events, processor
from notechondria_launcher.stack import Stack

Database = psycopg.Connection[tuple[Any, ...]]
GOAL = 8_000
POLL_SECONDS = 0.02
LIMIT_SECONDS = 120.0
# Half of them say that a note was made, the others how many words: what a creation publishes.
PUBLISH = """
INSERT INTO notes.outbox (event_id, subject, envelope)
SELECT event_id, type, jsonb_build_object('specversion', '1.0', 'id', event_id, 'source', '/notechondria/notes',
    'type', type, 'subject', 'notes/' || note_id, 'time', now(), 'datacontenttype', 'application/json', 'data', data)
FROM generate_series(1, %(notes)s) n, LATERAL (SELECT 1000000 + n AS note_id, gen_random_uuid() AS first) note,
LATERAL (VALUES
    ('notes.note.created', gen_random_uuid(), jsonb_build_object('note_id', note_id, 'uuid', first,
        'user_id', %(user)s::bigint, 'title', 'A note of this name ' || n, 'description', '', 'course_id', null,
        'revision', 1)),
    ('notes.activity.recorded', gen_random_uuid(), jsonb_build_object('activity_id', gen_random_uuid(), 'note_id',
        note_id, 'user_id', %(user)s::bigint, 'course_id', null, 'activity_type', 'C', 'activity_date', current_date,
        'word_count', 80, 'revision', 1))
) AS event (type, event_id, data)
ORDER BY n, type DESC
"""


LAST = "SELECT event_id FROM notes.outbox ORDER BY id DESC LIMIT 1"
UNSENT = "SELECT FROM notes.outbox WHERE sent_at IS NULL LIMIT 1"
APPLIED = "SELECT FROM planner.inbox WHERE event_id = %s"
BARE = "SELECT FROM bare.inbox WHERE event_id = %s"


def until(what: str, reached: Callable[[], bool]) -> float:
    """Wait for something; the seconds that it took."""
    begun = time.perf_counter()
    while not reached():
        assert time.perf_counter() - begun < LIMIT_SECONDS, what
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - begun


def product(stack: Stack, database: Database, user: int, events: int) -> float:
    """Events a second that planner applies; what the relay sends in one is printed on the way."""
    pid = stack.pid("planner")
    os.kill(pid, signal.SIGSTOP)
    try:
        relayed = {part: stack.pid(part) for part in ("notes", "postgres", "nats")}
        with processor.measured(relayed) as spent:
            database.execute(PUBLISH, {"notes": events // 2, "user": user})
            seconds = until("sent", lambda: database.execute(UNSENT).fetchone() is None)
        print(f"{'relay, events sent':<44} {events / seconds:8.0f}/s")
        print(spent.line("  relay", events))
    finally:
        os.kill(pid, signal.SIGCONT)
    last = database.execute(LAST).fetchone()
    applying = {part: stack.pid(part) for part in ("planner", "postgres", "nats")}
    with processor.measured(applying) as spent:
        seconds = until("applied", lambda: database.execute(APPLIED, last).fetchone() is not None)
    print(f"{'planner, events applied':<44} {events / seconds:8.0f}/s")
    print(spent.line("  planner", events))
    return events / seconds


async def put(url: str, user: int, events: int) -> tuple[UUID, UUID]:
    """Fill the plain stream; its first event and its last."""
    ids: list[UUID] = []
    client = await nats.connect(url)
    stream = client.jetstream()
    for first in range(0, events // 2, 100):
        rows = [row for n in range(first, first + 100) for row in bare_events.rows(n, user, f"A note {n}", 80)]
        ids += [event_id for event_id, _, _ in rows]
        await asyncio.gather(
            *(stream.publish(subject, bare_events.body(envelope), timeout=30) for _, subject, envelope in rows)
        )
    await client.close()
    return ids[0], ids[-1]


def plain(stack: Stack, database: Database, user: int, events: int) -> float:
    """Events a second that the plain consumer applies."""
    database.execute(bare_events.TABLES)
    url = stack.nats_url("admin")
    asyncio.run(bare_events.provision(url))
    first, last = asyncio.run(put(url, user, events))
    environment = {**os.environ, "DATABASE_URL": stack.database_url("notes"), "NATS_URL": url}
    program = [sys.executable, "-m", "bench.bare_events"]
    with subprocess.Popen(program, env=environment) as consumer:  # noqa: S603 - our own program
        try:
            until("begun", lambda: database.execute(BARE, (first,)).fetchone() is not None)
            pids = {"consumer": consumer.pid, **{part: stack.pid(part) for part in ("postgres", "nats")}}
            with processor.measured(pids) as spent:
                seconds = until("applied", lambda: database.execute(BARE, (last,)).fetchone() is not None)
        finally:
            consumer.terminate()
    print(f"{'plain consumer, events applied':<44} {events / seconds:8.0f}/s")
    print(spent.line("  plain consumer", events))
    return events / seconds


def main() -> int:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=40_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env={"DJANGO_LOG_LEVEL": "WARNING"}) as stack, Api(stack) as api:
            user = api.register()
            assert user.get("notes/").status_code == 200
            with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
                processor.settle(stack)
                reached = product(stack, database, user.id, options.events)
                other = plain(stack, database, user.id, options.events)
    print(f"  ratio {reached / other:.2f}; goal {GOAL}/s: {'reached' if reached >= GOAL else 'MISSED'}")
    return 0 if reached >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
