"""Notes through the gateway, beside the same SQL from a bare endpoint; and search among many notes.

`make bench-notes`; a stack of its own on free ports, thrown away afterwards. `ARGS="--others 1000000"` measures search
beside a million notes of others (loading them takes some minutes). Exit code 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from tests.support.client import Api, User
from tests.support.gateway import another_gateway

from bench import bare_events, processor
from bench.http_load import Make, load
from bench.load import Sample
from bench.notes_bare import PREFIX
from bench.notes_fill import fill
from notechondria_cli.ports import choose_port, release_port
from notechondria_launcher.stack import Stack

OWN = 10_000
SEARCH_LIMIT_MS, SEARCH_GROWTH = 150.0, 1.25
NO_TRIGRAMS = ("to", "漢字")
"""Words that the index knows nothing of."""
AIMS = {"read": 0.6, "create": 0.5, "patch": 0.5, "patch of text": 0.5}


@dataclass(frozen=True)
class Bare:
    """The bare endpoint: its own address, that behind the same gateway as the product's, and its processes."""

    url: str
    behind: str
    pids: Mapping[str, int]
    settle: Callable[[], None]


def operations(ids: Sequence[int], user_id: int) -> dict[str, tuple[Make, Make]]:
    """What is compared: the product's call and the bare one's; `ids` are those of 50 notes."""
    text = "# Title\n\n" + "some words of a note " * 20

    def patched(body: Callable[[int], object]) -> tuple[Make, Make]:
        return (
            lambda n: ("PATCH", f"/api/v1/notes/{ids[n % 50]}/", body(n)),
            lambda n: ("PATCH", f"{PREFIX}/one/{ids[n % 50]}/of/{user_id}", body(n)),
        )

    return {
        "read": (
            lambda n: ("GET", f"/api/v1/notes/{ids[n % 50]}/", None),
            lambda n: ("GET", f"{PREFIX}/one/{ids[n % 50]}", None),
        ),
        "list of 50": (
            lambda _: ("GET", "/api/v1/notes/?limit=50", None),
            lambda _: ("GET", f"{PREFIX}/list/{user_id}", None),
        ),
        "create": (
            lambda n: ("POST", "/api/v1/notes/", {"title": f"n{n}", "content": text}),
            lambda n: ("POST", f"{PREFIX}/all/{user_id}", {"title": f"n{n}", "content": text}),
        ),
        "patch": patched(lambda n: {"metadata_json": str(n)}),
        "patch of text": patched(lambda n: {"content": f"{text} and {n}"}),
    }


def compare(stack: Stack, user: User, bare: Bare, seconds: float, only: Sequence[str]) -> bool:
    """Print the product, the bare endpoint, and that behind the same gateway; True when the aims are reached."""
    reached = True
    ids = [int(note["id"]) for note in user.get("notes/?limit=50").json()["results"]]
    for name, (ours, theirs) in operations(ids, user.id).items():
        if only and name not in only:
            continue
        with processor.measured(processor.pids_of(stack)) as spent:
            product = load(f"{name}, through the gateway", stack.url, ours, user.token, seconds)
            processor.settle(stack)
        with processor.measured(bare.pids) as bare_spent:
            plain = load(f"{name}, bare endpoint", bare.url, theirs, user.token, seconds)
            bare.settle()
        alike = load(f"{name}, bare behind the gateway", bare.behind, theirs, user.token, seconds)
        bare.settle()
        ratio, inner = (product.rate / one.rate if one.rate else 0.0 for one in (plain, alike))
        aim = AIMS.get(name)
        reached = reached and (aim is None or ratio >= aim)
        print(product.line(), plain.line(), alike.line(), sep="\n")
        print(spent.line(f"  {name}", product.calls), bare_spent.line(f"  {name}, bare", plain.calls), sep="\n")
        print(f"  ratio {ratio:.2f}" + (f" (aim {aim})" if aim else "") + f"; behind the same gateway {inner:.2f}")
    return reached


def search(user: User, label: str, scope: str = "personal", texts: Sequence[str] = ()) -> float:
    """The p95 in milliseconds of searches, one after the other: `texts` by turns, or else two words of titles."""
    listed = user.get(f"notes/?limit=100&scope={scope}").json()["results"]
    words = [note["title"].lower().split()[:2] for note in listed]
    sample = Sample(f"search of {'two words' if not texts else ', '.join(texts)}, {label}")
    begun = time.perf_counter()
    for number in range(240):
        first, second = words[number % len(words)][0], words[(number * 7 + 3) % len(words)][-1]
        text = texts[number % len(texts)] if texts else f"{first} {second}"
        start = time.perf_counter()
        answer = user.get("notes/", params={"limit": 20, "scope": scope, "q": text})
        if number >= 40:
            sample.durations.append(time.perf_counter() - start)
        assert answer.status_code == 200, answer.text
        assert texts or answer.json()["total"] > 0
    sample.seconds = time.perf_counter() - begun
    print(sample.line())
    return sample.percentile(0.95)


def searches(stack: Stack, api: Api, user: User, stranger: User, publisher: User, others: int) -> bool:
    """Searches of somebody with `OWN` notes, alone and beside those of others; True when the limits are kept."""
    alone = search(user, f"{OWN} own notes")
    fill(stack, stranger.id, others)
    beside = search(user, f"beside {others} of others")
    search(user, "as well", texts=NO_TRIGRAMS)
    fill(stack, publisher.id, OWN, public=True)
    search(publisher, f"{OWN} own public notes")
    search(api.register(), f"{OWN} public notes of others, scope=all", "all")
    fast = alone <= SEARCH_LIMIT_MS and beside <= SEARCH_LIMIT_MS
    steady = beside <= alone * SEARCH_GROWTH
    print(f"search p95 at most {SEARCH_LIMIT_MS:.0f} ms: {'kept' if fast else 'BROKEN'}")
    print(f"not more than a quarter slower beside others: {'kept' if steady else 'BROKEN'}")
    return fast and steady


def main() -> int:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5.0, help="of each load")
    arguments.add_argument("--only", nargs="+", default=[], help="operations: read, create, patch ...")
    arguments.add_argument("--no-search", action="store_true", help="leave the searches out")
    arguments.add_argument("--others", type=int, default=50_000, help="notes of others beside the searcher's")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0", "DJANGO_LOG_LEVEL": "WARNING"}
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            user, stranger, publisher = api.register(), api.register(), api.register()
            for one in (user, stranger, publisher):
                assert one.get("notes/").status_code == 200
            fill(stack, user.id, OWN)
            kept = options.no_search or searches(stack, api, user, stranger, publisher, options.others)
            with bare_endpoint(stack) as bare:
                reached = compare(stack, user, bare, options.seconds, options.only)
    print(f"aims of the ratios: {'reached' if reached else 'MISSED'}")
    return 0 if kept and reached else 1


@contextmanager
def bare_endpoint(stack: Stack) -> Iterator[Bare]:
    """The bare endpoint with its relay, and its consumer, each in a process."""
    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        database.execute(bare_events.TABLES)
    asyncio.run(bare_events.provision(stack.nats_url("admin")))
    release_port(port := choose_port())
    environment = {**os.environ, "DATABASE_URL": stack.database_url("notes"), "NATS_URL": stack.nats_url("admin")}
    programs = (
        ("uvicorn", "--factory", "bench.notes_bare:create_app", "--port", str(port), "--log-level", "warning",
         "--no-access-log"),
        ("bench.bare_events",),
    )  # fmt: skip
    processes = [
        subprocess.Popen([sys.executable, "-m", *program], env=environment)  # noqa: S603 - our own programs
        for program in programs
    ]
    try:
        wait_for(port)
        pids = {
            "bare": processes[0].pid,
            "consumer": processes[1].pid,
            **{part: stack.pid(part) for part in ("postgres", "nats")},
        }
        where = f"http://127.0.0.1:{port}"
        settle = partial(processor.settle, stack, "bare", "bare")
        with another_gateway(stack, {"notes": where}) as gateway:
            yield Bare(where, gateway.url, pids, settle)
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def wait_for(port: int) -> None:
    """Until something listens there, at most 10 s."""
    import socket  # noqa: PLC0415

    deadline = time.monotonic() + 10
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "the bare endpoint did not start"
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
