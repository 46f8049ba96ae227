"""Many people who do different things for ten minutes: what each operation takes, what fails, what memory grows.

`make bench-mixed`; a stack of its own on free ports, thrown away afterwards. First everybody calls again as soon as
they are answered: that rate is the capacity of the mix on this machine. Then, for the whole time, calls come at 60 % of
it, answered or not (an open loop), and each minute the memory of all parts is added up (PSS). Exit code 1 for an
answer that is no success, memory that grows by a tenth after the third minute, or p99 of an operation above four times
its p50.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from tests.support.client import Api, User

from bench.load import Sample
from notechondria_cli import control
from notechondria_launcher.stack import Stack

PEOPLE = 20
WORKERS = 8
CAPACITY_SECONDS = 20.0
SHARE = 0.6
SPREAD_GOAL = 4.0
"""p99 of an operation by its p50."""
STEADY_MINUTES = 3
GROWTH_GOAL = 1.10
"""The memory of the last minute by that of minute `STEADY_MINUTES`."""
NOTES = 60
"""Of each person."""
CONNECTIONS = 64
WORDS = ("mitosis", "eigenvalue", "harbour", "sonata", "protein", "treaty", "glacier", "lambda", "sediment", "fugue")
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_notes", "arguments": {"limit": 20}}}


@dataclass
class Person:
    """Somebody with a key for agents, and what of theirs there is."""

    headers: dict[str, str]
    key: str
    course: int
    notes: list[int] = field(default_factory=list)
    """Those that stay, which are read and changed."""
    spare: list[int] = field(default_factory=list)
    """Those made under way, which are deleted again."""
    binned: list[int] = field(default_factory=list)


Operation = Callable[[Person], Awaitable[int]]


class Mix:
    """The operations, and how often each is drawn."""

    def __init__(self, api: Api, http: aiohttp.ClientSession) -> None:
        self._api, self._http = api, http
        self._random = random.Random(7)  # noqa: S311 - the same mix in every run
        self.weights: dict[str, tuple[int, Operation]] = {
            "read a note": (30, self._read),
            "list of 20": (16, lambda person: self._get(person, "notes/?limit=20")),
            "courses": (8, lambda person: self._get(person, "courses/")),
            "search": (6, lambda person: self._get(person, f"notes/?limit=20&q={self._random.choice(WORDS)}")),
            "own events": (6, lambda person: self._get(person, "planner-events/")),
            "heatmap": (3, lambda person: self._get(person, "heatmap/")),
            "profile": (4, lambda person: self._get(person, "settings/")),
            "create": (6, self._create),
            "change of the text": (8, self._text),
            "change of metadata": (4, self._metadata),
            "event made": (2, self._event),
            "delete, purge": (11, self._remove),
            "MCP list_notes": (4, self._tool),
        }

    def draw(self) -> str:
        """The name of the next operation."""
        names = list(self.weights)
        return self._random.choices(names, [self.weights[name][0] for name in names])[0]

    async def call(self, name: str, person: Person) -> int:
        """One request of somebody: the status of its answer."""
        return await self.weights[name][1](person)

    async def _send(self, person: Person, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {person.key}"} if path == "/mcp" else person.headers
        async with self._http.request(method, self._api.url(path), headers=headers, json=body) as answer:
            return answer.status, await answer.read()

    async def _get(self, person: Person, path: str) -> int:
        return (await self._send(person, "GET", path))[0]

    async def _read(self, person: Person) -> int:
        return await self._get(person, f"notes/{self._random.choice(person.notes)}/")

    async def _create(self, person: Person) -> int:
        title = f"{self._random.choice(WORDS)} notes"
        body = {"title": title, "content": text(self._random), "course_id": person.course}
        status, answer = await self._send(person, "POST", "notes/", body)
        if status == 201:
            person.spare.append(int(json.loads(answer)["id"]))
        return status

    async def _text(self, person: Person) -> int:
        return await self._patch(person, {"content": text(self._random)})

    async def _metadata(self, person: Person) -> int:
        return await self._patch(person, {"metadata_json": self._random.choice(WORDS)})

    async def _patch(self, person: Person, body: dict[str, str]) -> int:
        return (await self._send(person, "PATCH", f"notes/{self._random.choice(person.notes)}/", body))[0]

    async def _event(self, person: Person) -> int:
        body = {"title": self._random.choice(WORDS), "event_date": f"2026-{self._random.randint(1, 12):02}-15"}
        return (await self._send(person, "POST", "planner-events/", body))[0]

    async def _remove(self, person: Person) -> int:
        """Into the bin, or out of it; a read while there is nothing to spare."""
        if person.binned:
            return (await self._send(person, "DELETE", f"notes/deleted/{person.binned.pop()}/"))[0]
        if not person.spare:
            return await self._read(person)
        note = person.spare.pop()
        status, _ = await self._send(person, "DELETE", f"notes/{note}/")
        person.binned.append(note)
        return status

    async def _tool(self, person: Person) -> int:
        return (await self._send(person, "POST", "/mcp", CALL))[0]


def text(chosen: random.Random) -> str:
    """Some 1.5 KB of markdown."""
    return "\n\n".join(f"## {chosen.choice(WORDS)}\n\n" + " ".join(chosen.choices(WORDS, k=30)) for _ in range(6))


def people(api: Api) -> list[Person]:
    """Everybody, with notes in a course and a key."""
    chosen = random.Random(1)  # noqa: S311 - as above
    made: list[Person] = []
    for _ in range(PEOPLE):
        user: User = api.register()
        course = int(user.post("courses/", {"title": "Course"}).json()["id"])
        person = Person(user.headers, user.rotate_key(), course)
        for number in range(NOTES):
            answer = user.post("notes/", {"title": f"Note {number}", "content": text(chosen), "course_id": course})
            assert answer.status_code == 201, answer.text
            person.notes.append(int(answer.json()["id"]))
        made.append(person)
    return made


def memory(stack: Stack) -> dict[str, float]:
    """MiB of each part but the launcher, shared pages in proportion."""
    parts = control.report(stack.layout, memory=True).parts
    return {part.name: part.memory_mib or 0.0 for part in parts if part.name != "launcher"}


@dataclass
class Result:
    """What came of it: by operation its calls, answers by status, and the memory of each minute."""

    samples: dict[str, Sample] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    memory: list[dict[str, float]] = field(default_factory=list)

    async def timed(self, mix: Mix, person: Person) -> None:
        """One drawn request of somebody, counted."""
        name = mix.draw()
        sample = self.samples.setdefault(name, Sample(name))
        begun = time.perf_counter()
        try:
            status = await mix.call(name, person)
        except (aiohttp.ClientError, TimeoutError) as error:
            print(f"  {name}: {error!r}")
            status = 599
        self.statuses[status] += 1
        if status < 300:
            sample.durations.append(time.perf_counter() - begun)
        else:
            sample.failures += 1


async def capacity(mix: Mix, everybody: list[Person]) -> float:
    """Answers a second when everybody calls again as soon as they are answered."""
    result = Result()
    end = time.perf_counter() + CAPACITY_SECONDS

    async def work(number: int) -> None:
        while time.perf_counter() < end:
            await result.timed(mix, everybody[number % PEOPLE])
            number += WORKERS

    await asyncio.gather(*(work(number) for number in range(WORKERS)))
    return result.statuses.total() / CAPACITY_SECONDS


async def run(stack: Stack, api: Api, everybody: list[Person], minutes: float) -> Result:
    """The load of all minutes, a line of report for each."""
    connector, timeout = aiohttp.TCPConnector(limit=CONNECTIONS), aiohttp.ClientTimeout(30)
    result = Result()
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        mix = Mix(api, http)
        rate = await capacity(mix, everybody)
        print(f"capacity {rate:.0f}/s; {SHARE:.0%} of it for {minutes:g} minutes", flush=True)
        begun, sent, tasks = time.perf_counter(), 0, set[asyncio.Task[None]]()
        result.memory.append(memory(stack))
        while (passed := time.perf_counter() - begun) < minutes * 60:
            await asyncio.sleep(max(0.0, sent / (rate * SHARE) - passed))
            task = asyncio.create_task(result.timed(mix, everybody[sent % PEOPLE]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
            if passed > 60 * len(result.memory):
                result.memory.append(await asyncio.to_thread(memory, stack))
                sizes = result.memory[-1]
                parts = ", ".join(f"{part} {size:.0f}" for part, size in sizes.items())
                print(f"  minute {len(result.memory) - 1}: {sum(sizes.values()):.0f} MiB ({parts})", flush=True)
        await asyncio.gather(*tasks)
        result.memory.append(memory(stack))
        for sample in result.samples.values():
            sample.seconds = time.perf_counter() - begun
    return result


def missed_goals(result: Result) -> list[str]:
    """What was not reached, in words."""
    missed = [f"{count} answers of {status}" for status, count in result.statuses.items() if status >= 300]
    for name, sample in result.samples.items():
        spread = sample.percentile(0.99) / sample.percentile(0.5)
        if spread > SPREAD_GOAL:
            missed.append(f"p99 of {name} is {spread:.1f} times its p50")
    totals = [sum(sizes.values()) for sizes in result.memory]
    steady = totals[min(STEADY_MINUTES, len(totals) - 1)]
    if totals[-1] > steady * GROWTH_GOAL:
        missed.append(f"memory grew from {steady:.0f} to {totals[-1]:.0f} MiB")
    return missed


def main() -> int:
    """Run on a stack of its own; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the load after the capacity is known")
    minutes = parser.parse_args().minutes
    environment = {
        "AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0", "MCP_RATE_PER_MINUTE": "0",
        "REQUESTS_PER_CLIENT": "1000", "DJANGO_LOG_LEVEL": "WARNING",
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env=environment, forking=True) as stack, Api(stack) as api:
            result = asyncio.run(run(stack, api, people(api), minutes))
    for sample in result.samples.values():
        print(f"{sample.line()}  p99/p50 {sample.percentile(0.99) / sample.percentile(0.5):.1f}")
    print("answers: " + ", ".join(f"{count} of {status}" for status, count in sorted(result.statuses.items())))
    missed = missed_goals(result)
    print("goals: " + ("kept" if not missed else "MISSED: " + "; ".join(missed)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
