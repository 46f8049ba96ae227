"""What the gateway costs: `make bench-gateway`.

The same endpoints asked through the gateway and at the service's own port, by turns in one run: the smallest answer of
all (`/ping/`), one note, and a list of 50. The ratio is the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from tests.support.client import Api, User

from bench.load import Sample, in_turn
from notechondria_launcher.stack import Stack

WORKERS = 8
ROUNDS = 3
NOTES = 60


def caller(http: httpx.AsyncClient, url: str) -> Callable[[], Awaitable[bool]]:
    """A call that counts when it is answered 200."""

    async def call() -> bool:
        return (await http.get(url)).status_code == 200

    return call


async def measure(stack: Stack, user: User, note_id: int, seconds: float) -> list[tuple[Sample, Sample]]:
    """(through the gateway, direct) for each endpoint."""
    endpoints = [
        ("ping", "identity", "/api/v1/ping/"),
        ("one note", "notes", f"/api/v1/notes/{note_id}/"),
        ("list of 50", "notes", "/api/v1/notes/?scope=personal&limit=50"),
    ]
    limits = httpx.Limits(max_connections=WORKERS * 2, max_keepalive_connections=WORKERS * 2)
    pairs = []
    async with httpx.AsyncClient(timeout=20, trust_env=False, limits=limits, headers=user.headers) as http:
        for name, service, path in endpoints:
            calls = {
                f"{name}, through the gateway": caller(http, stack.url.rstrip("/") + path),
                f"{name}, direct": caller(http, stack.service_url(service) + path),
            }
            through, direct = await in_turn(calls, workers=WORKERS, seconds=seconds, rounds=ROUNDS)
            pairs.append((through, direct))
    return pairs


def main() -> int:
    """Run on a stack of its own; print the figures. Exit code 1 when a call failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each of the rounds")
    seconds = parser.parse_args().seconds
    environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0"}
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            user = api.register()
            made = [user.post("notes/", {"title": f"Note {n}", "content": "word " * 200}).json() for n in range(NOTES)]
            pairs = asyncio.run(measure(stack, user, made[0]["id"], seconds))
    for through, direct in pairs:
        print(through.line())
        print(direct.line())
        rate = through.rate / direct.rate if direct.rate else 0.0
        print(f"{'':<44} ratio {rate:.2f} of the rate, p99 x {through.percentile(0.99) / direct.percentile(0.99):.2f}")
    return int(any(sample.failures for pair in pairs for sample in pair))


if __name__ == "__main__":
    sys.exit(main())
