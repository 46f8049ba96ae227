"""What is past its time goes in one round, however much it is; the rest stays."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api, eventually

MANY = 25_000

OUTBOX = (
    "INSERT INTO planner.outbox (event_id, subject, envelope, created_at, sent_at)"
    " SELECT gen_random_uuid(), 'planner.event.updated', '{}', now() - make_interval(days => %(days)s), now()"
    " FROM generate_series(1, %(count)s)"
)
INBOX = (
    "INSERT INTO planner.inbox (event_id, received_at)"
    " SELECT gen_random_uuid(), now() - make_interval(days => %(days)s) FROM generate_series(1, %(count)s)"
)
SOURCES = (
    "INSERT INTO planner.calendar_sources"
    " (digest, body, entry_count, has_series, failures, next_read_at, touched_at)"
    " SELECT 'housekeeping-' || %(days)s || '-' || n, '', 0, false, 0, NULL,"
    " now() - make_interval(hours => %(days)s) FROM generate_series(1, %(count)s) AS n"
)
LEFT = {
    "outbox": "SELECT count(*) FROM planner.outbox WHERE created_at < now() - make_interval(days => %s)",
    "inbox": "SELECT count(*) FROM planner.inbox WHERE received_at < now() - make_interval(days => %s)",
    "sources": "SELECT count(*) FROM planner.calendar_sources WHERE digest LIKE 'housekeeping-' || %s || '-%%'",
}


@pytest.fixture
def planner(stack: Stack) -> Iterator[psycopg.Connection]:
    with psycopg.connect(stack.database_url("planner"), autocommit=True) as connection:
        yield connection


def test_one_round_removes_all_that_is_past_its_time(api: Api, stack: Stack, planner: psycopg.Connection) -> None:
    def left(what: str, age: int) -> int:
        row = planner.execute(LEFT[what], (age,)).fetchone()
        assert row is not None
        return int(row[0])

    # Past its time, and a little younger than that: the retention is 30 days, an inbox row stays for twice as long.
    for statement, old, young, count in ((OUTBOX, 31, 29, MANY), (INBOX, 61, 59, MANY), (SOURCES, 1, 0, 450)):
        planner.execute(statement, {"days": old, "count": count})
        planner.execute(statement, {"days": young, "count": 3})
    assert (left("outbox", 30), left("inbox", 60), left("sources", 1)) == (MANY, MANY, 450)
    stack.restart_part("planner")  # a round is made at the start, and every hour
    eventually(lambda: left("outbox", 30) == 0, what="old outbox rows are gone")
    eventually(lambda: left("inbox", 60) == 0, what="old inbox rows are gone")
    eventually(lambda: left("sources", 1) == 0, what="sources that no feed names are gone")
    assert (left("outbox", 28), left("inbox", 58), left("sources", 0)) == (3, 3, 3)
    planner.execute("DELETE FROM planner.outbox WHERE created_at < now() - interval '28 days'")
    planner.execute("DELETE FROM planner.inbox WHERE received_at < now() - interval '28 days'")
    planner.execute("DELETE FROM planner.calendar_sources WHERE digest LIKE 'housekeeping-%'")


def test_a_round_works_in_small_transactions_and_ends_with_its_service(
    stack: Stack, planner: psycopg.Connection
) -> None:
    many = 8 * MANY
    planner.execute(OUTBOX, {"days": 31, "count": many})

    def left() -> int:
        row = planner.execute(LEFT["outbox"], (30,)).fetchone()
        assert row is not None
        return int(row[0])

    stack.restart_part("planner")
    try:
        eventually(lambda: left() < many, what="the first rows are gone")
        stack.stop_part("planner")
        assert 0 < left() < many  # the service did not wait for the end of the round, nor was its beginning lost
    finally:
        planner.execute("DELETE FROM planner.outbox WHERE created_at < now() - interval '30 days'")
        stack.start_part("planner")
