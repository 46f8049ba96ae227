"""What grows with a person's own notes: lists at any depth, the bin, searches; and what one request costs the others.

`make bench-own`; a stack of its own on free ports, thrown away afterwards. Each figure is the median of calls one after
the other, beside that of the smallest number of notes: a ratio of 1 is flat. Beside it stands the processor time of a
call over all parts, which a busy machine changes least. `ARGS="--notes 10000 50000 200000"` takes half an hour. Exit
code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psycopg
from tests.support.client import Api, User

from bench.load import Sample
from bench.notes_fill import fill
from bench.processor import measured, pids_of
from notechondria_launcher.stack import Stack
from notes_service.summaries.cursors import Cursor

CALLS, WARM = 20, 3
NEIGHBOUR_SECONDS = 6.0
GOALS = {
    "first page": 10.0,
    "page at 90 %": 10.0,
    "cursor at 90 %": 10.0,
    "bin": 10.0,
    "heatmap": 10.0,
    "courses": 10.0,
    "search, two words": 60.0,
    "search, twelve words": 120.0,
}
"""Milliseconds: medians of lists, 95 of 100 searches."""
NEIGHBOUR_GOAL = 30.0
"""Milliseconds below which 99 of 100 reads of somebody else stay, whatever one person asks for."""
BINNED = 0.05
"""The part of the notes that is in the recycle bin."""


def measure(stack: Stack, name: str, call: Callable[[int], object]) -> tuple[Sample, float]:
    """Calls one after the other, and the milliseconds of processor time that each took in all parts."""
    sample = Sample(name)
    for number in range(WARM):
        call(number)
    begun = time.perf_counter()
    with measured(pids_of(stack)) as spent:
        for number in range(WARM, WARM + CALLS):
            start = time.perf_counter()
            call(number)
            sample.durations.append(time.perf_counter() - start)
    sample.seconds = time.perf_counter() - begun
    return sample, sum(spent.seconds.values()) * 1000 / CALLS


def throw_away(stack: Stack, user: User) -> int:
    """Put a part of the notes into the bin; how many stay."""
    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        database.execute(
            "UPDATE notes.notes SET deleted_at = now() - random() * interval '20 days' WHERE creator_id = %s"
            " AND id %% 20 = 0",
            [user.id],
        )
        database.execute(
            "INSERT INTO notes.recycle_bin_entries (note_id, creator_id, item_type, deleted_at, metadata_json,"
            " date_created, last_edit) SELECT id, creator_id, 'note', deleted_at, '', now(), now() FROM notes.notes"
            " WHERE creator_id = %s AND deleted_at IS NOT NULL",
            [user.id],
        )
        database.execute("VACUUM ANALYZE notes.notes")
        kept = database.execute(
            "SELECT count(*) FROM notes.notes WHERE creator_id = %s AND deleted_at IS NULL", [user.id]
        ).fetchone()
    assert kept is not None
    return int(kept[0])


def of(stack: Stack, user: User, count: int) -> dict[str, tuple[Sample, float]]:
    """All figures of a person with so many notes."""
    fill(stack, user.id, count)
    kept = throw_away(stack, user)
    titles = [note["title"].lower().split() for note in user.get("notes/?limit=100").json()["results"]]

    def words(number: int, many: int) -> str:
        return " ".join(titles[(number * 7 + step) % len(titles)][step % 2] for step in range(many))

    cursor = cursor_at(user, kept)
    paths: dict[str, Callable[[int], str]] = {
        "first page": lambda _: "notes/?limit=50",
        "page at 90 %": lambda _: f"notes/?limit=50&offset={int(kept * 0.9)}",
        "cursor at 90 %": lambda _: f"notes/?limit=50&cursor={cursor}",
        "oldest first": lambda _: "notes/?limit=50&sort=oldest",
        "bin": lambda _: "notes/deleted/",
        "heatmap": lambda _: "heatmap/",
        "courses": lambda _: "courses/",
        "search, one word": lambda number: f"notes/?limit=20&q={words(number, 1)}",
        "search, two letters": lambda _: "notes/?limit=20&q=to",
        "search, two words": lambda number: f"notes/?limit=20&q={words(number, 2)}",
        "search, twelve words": lambda number: f"notes/?limit=20&q={words(number, 12)}",
    }

    def get(path: Callable[[int], str]) -> Callable[[int], object]:
        def call(number: int) -> None:
            answer = user.get(path(number))
            assert answer.status_code == 200, answer.text

        return call

    return {name: measure(stack, name, get(path)) for name, path in paths.items()}


def cursor_at(user: User, kept: int) -> str:
    """A cursor that stands where 90 of 100 notes lie before it."""
    row = user.get(f"notes/?limit=1&offset={int(kept * 0.9)}").json()["results"][0]
    return Cursor(datetime.fromisoformat(row["last_edit"]), row["id"]).text


def neighbour(user: User, other: User, path: str) -> Sample:
    """Reads of `other` while `user` asks for `path` again and again."""
    note = int(other.post("notes/", {"title": "A read", "content": "of somebody else"}).json()["id"])
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            assert user.get(path).status_code == 200

    asking = threading.Thread(target=ask)
    sample = Sample(f"another's reads beside {path}")
    asking.start()
    begun = time.perf_counter()
    try:
        while time.perf_counter() - begun < NEIGHBOUR_SECONDS:
            start = time.perf_counter()
            assert other.get(f"notes/{note}/").status_code == 200
            sample.durations.append(time.perf_counter() - start)
            time.sleep(0.005)
    finally:
        over.set()
        asking.join()
    sample.seconds = time.perf_counter() - begun
    return sample


def main() -> int:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--notes", type=int, nargs="+", default=[10_000, 50_000], help="of each person")
    options = arguments.parse_args()
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0", "DJANGO_LOG_LEVEL": "WARNING"}
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            first: dict[str, tuple[Sample, float]] = {}
            person = api.register()
            for count in options.notes:
                person = api.register()
                assert person.get("notes/").status_code == 200
                samples = of(stack, person, count)
                first = first or samples
                print(f"{count} notes of one's own")
                for name, (sample, processor) in samples.items():
                    share = 0.95 if name.startswith("search") else 0.5
                    took = sample.percentile(share)
                    growth = took / first[name][0].percentile(share)
                    more = processor / (first[name][1] or processor or 1.0)
                    goal = GOALS.get(name)
                    aim = f"  goal {goal:.0f} ms" if goal else ""
                    print(f"  {sample.line()}  growth {growth:.2f}  processor {processor:.1f} ms, {more:.2f}{aim}")
                    if goal and took > goal:
                        missed.append(f"{name} of {count}")
            other = api.register()
            alone = neighbour(other, other, "courses/")
            print(alone.line())
            for path in ("notes/", "notes/deleted/", "notes/?q=the quick brown fox jumps over the lazy dog"):
                sample = neighbour(person, other, path)
                print(sample.line())
                if sample.percentile(0.99) > NEIGHBOUR_GOAL:
                    missed.append(sample.name)
    print("goals: " + ("kept" if not missed else "MISSED: " + "; ".join(missed)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
