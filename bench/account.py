"""The account pages of a person with much in it: `make bench-account`.

Aim: p95 of each page below 60 ms on an idle machine, for 10,000 notes and 50,000 logged calls. One visitor at a time,
as a person is; the same is measured for an account with next to nothing, so that the ratio shows what the rows cost.
Exit code 1 when a page does not keep it. `--rounds 40`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from services.planner.tests.feed_server import FeedServer
from tests.support.client import Api, User
from tests.support.full_account import FEED, FullAccount, fill
from tests.support.people import Person, confirm

from bench import notes_fill
from bench.load import Sample
from notechondria_launcher.stack import Stack

NOTES, CALLS, BINNED, EVENTS = 10_000, 50_000, 500, 2_000
MOST_MS = 60.0


def copied(database: psycopg.Connection, table: str, row_id: int, count: int, **changed: LiteralString) -> None:
    """So many rows like one, with other values where `changed` has an expression of `n`."""
    rows = database.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s"
        " AND is_generated = 'NEVER' AND column_name <> 'id'",
        [table],
    ).fetchall()
    columns = [row[0] for row in rows]
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, generate_series(1, %s) n WHERE t.id = %s"
    )
    database.execute(
        statement.format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(sql.Identifier(name) for name in columns),
            values=sql.SQL(", ").join(
                sql.SQL(changed[name]) if name in changed else sql.Identifier("t", name) for name in columns
            ),
        ),
        [count, row_id],
    )


def one(database: psycopg.Connection, query: LiteralString, user: User) -> int:
    """The number that a query finds for a user."""
    row = database.execute(query, [user.id]).fetchone()
    assert row is not None
    return int(row[0])


def enlarge(stack: Stack, user: User) -> None:
    """Make an account that has one of everything a large one."""
    notes_fill.fill(stack, user.id, NOTES)
    with psycopg.connect(stack.database_url("notes"), autocommit=True) as notes:
        binned = one(notes, "SELECT min(id) FROM notes WHERE creator_id = %s AND deleted_at IS NOT NULL", user)
        copied(
            notes,
            "notes",
            binned,
            BINNED,
            uuid="gen_random_uuid()",
            sharing_id="gen_random_uuid()::text",
            client_draft_id="NULL",
        )
        notes.execute("ANALYZE")
    with psycopg.connect(stack.database_url("mcp"), autocommit=True) as mcp:
        call = one(mcp, "SELECT min(id) FROM calls WHERE user_id = %s AND undo IS NOT NULL", user)
        copied(mcp, "calls", call, CALLS, called_at="now() - make_interval(secs => 150 * (50000 - n))")
        mcp.execute("VACUUM ANALYZE calls")
    with psycopg.connect(stack.database_url("planner"), autocommit=True) as planner:
        event = one(planner, "SELECT min(id) FROM planner_events WHERE user_id = %s", user)
        copied(planner, "planner_events", event, EVENTS, title="'Event ' || n")
        planner.execute("ANALYZE")


def measure(api: Api, account: FullAccount, rounds: int) -> dict[str, Sample]:
    """Each page by turns, so that a noisy machine disturbs all alike; the first rounds warm up."""
    samples = {name: Sample(name) for name in account.pages}
    with Person(api) as person:
        person.sign_in(account.user.username)
        confirm(person)
        for number in range(rounds + 3):
            for name, path in account.pages.items():
                began = time.perf_counter()
                answer = person.get(f"/account/{path}")
                took = time.perf_counter() - began
                if answer.status_code != 200:
                    samples[name].failures += 1
                elif number >= 3:
                    samples[name].durations.append(took)
                    samples[name].seconds += took
    return samples


def main() -> int:
    """Run on a stack of its own; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    environment = {
        "AUTH_RATE_PER_MINUTE": "0",
        "ACCOUNT_RATE_PER_MINUTE": "10000",
        "CALENDAR_FEED_ALLOW_HOSTS": "127.0.0.1",
        "SIGN_IN_SITE": "on",
    }
    feeds = FeedServer()
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            address, _ = feeds.page(FEED.format(name="Campus"))
            small, large = (fill(api, api.register(), name=name, feed=address) for name in ("Small", "Large"))
            enlarge(stack, large.user)
            before, after = measure(api, small, rounds), measure(api, large, rounds)
    feeds.close()
    slow = []
    for name, sample in after.items():
        p95 = sample.percentile(0.95)
        ratio = sample.percentile(0.5) / before[name].percentile(0.5)
        print(f"{sample.line()}  p50 large/small {ratio:5.2f}")
        if not p95 < MOST_MS or sample.failures:
            slow.append(name)
    print(f"aim: p95 below {MOST_MS:.0f} ms; not kept: {', '.join(slow) or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
