"""Load of eight kept-alive connections by HTTP: by `wrk` where it is installed, else by a client of our own.

The client shares the machine's cores with what it measures, so what it spends is missing there: wrk, written in C,
spends about a twentieth of ours. `apt-get install wrk`; NOTECHONDRIA_BENCH_CLIENT=own has ours in any case.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bench.load import Sample, closed_loop

WORKERS = 8
PREPARED = 5_000
"""Requests that wrk is given, and sends again from the first: each note is changed to a hundred different values."""
TIMEOUT_SECONDS = 10
MICROSECONDS = 1_000_000
SCRIPT = Path(__file__).parent / "wrk.lua"

Call = tuple[str, str, object]
"""Method, path and body."""
Make = Callable[[int], Call]
"""The n-th call."""


def load(name: str, url: str, make: Make, token: str, seconds: float) -> Sample:
    """Closed loop of 8 connections, each calling again as soon as it was answered, after a second that warms up."""
    program = None if os.environ.get("NOTECHONDRIA_BENCH_CLIENT") == "own" else shutil.which("wrk")
    return _own(name, url, make, token, seconds) if program is None else _wrk(program, name, url, make, token, seconds)


def rendered(call: Call, token: str) -> bytes:
    """The bytes of a request."""
    method, path, body = call
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


class Connection:
    """One kept-alive HTTP connection, as little work for the client as can be."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, request: bytes) -> int:
        """The status of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        fields = answer.lower()
        length = fields.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length:
            await reader.readexactly(int(length))
        elif b"transfer-encoding: chunked" in fields:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        return int(answer[9:12])


def _own(name: str, url: str, make: Make, token: str, seconds: float) -> Sample:
    async def run() -> Sample:
        idle = [Connection(url) for _ in range(WORKERS)]
        number = 0

        async def call() -> bool:
            nonlocal number
            number += 1
            connection = idle.pop()
            try:
                return await connection.call(rendered(make(number), token)) < 300
            finally:
                idle.append(connection)

        await closed_loop(name, call, workers=WORKERS, seconds=min(1.0, seconds))
        sample = await closed_loop(name, call, workers=WORKERS, seconds=seconds)
        sample.calls = number
        return sample

    return asyncio.run(run())


def _wrk(program: str, name: str, url: str, make: Make, token: str, seconds: float) -> Sample:
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        prepared = Path(folder) / "requests"
        with prepared.open("wb") as file:
            for number in range(PREPARED):
                request = rendered(make(number), token)
                file.write(b"%d\n%s" % (len(request), request))
        warming = _run(program, name, url, prepared, 1)
        sample = _run(program, name, url, prepared, max(1, round(seconds)))
    sample.calls += warming.calls
    return sample


def _run(program: str, name: str, url: str, prepared: Path, seconds: int) -> Sample:
    """wrk counts its answers; what they took is its own table, which adds the calls that waited behind a slow one."""
    command: Sequence[str] = (
        program, "--threads", "1", "--connections", str(WORKERS), "--duration", f"{seconds}s",
        "--timeout", f"{TIMEOUT_SECONDS}s", "--script", str(SCRIPT), url, "--", str(prepared),
    )  # fmt: skip
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - as installed
    report = json.loads(printed.splitlines()[-1])
    sample = Sample(name, seconds=report["microseconds"] / MICROSECONDS, failures=report["failures"])
    sample.calls, sample.answered = report["requests"], report["requests"] - report["refused"]
    sample.durations = [took / MICROSECONDS for took, count in report["durations"] for _ in range(count)]
    return sample
