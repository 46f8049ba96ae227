"""What the tests of attacks share: raw sockets from several addresses of loopback, and what is watched meanwhile."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psutil

from notechondria_launcher.stack import Stack

MIB = 1024 * 1024
READER = "planner_service.calendars.worker"
"""The program that planner reads calendars in; it has a limit of its own."""
QUICK = 1.0 if os.environ.get("ATTACKS_ALONE") else 15.0
"""Seconds for an honest answer: what is promised where the attacks run alone (`make attacks`), more beside others."""


def connect(port: int, source: str = "127.0.0.1", receive_buffer: int = 0) -> socket.socket:
    """A connection to a port of this machine; with a small receive buffer it takes in little of an answer."""
    raw = socket.socket()
    raw.settimeout(10)
    if receive_buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.bind((source, 0))
    raw.connect(("127.0.0.1", port))
    return raw


def head(method: str, path: str, length: int | None, *lines: str) -> bytes:
    """The head of a request; without a length its body comes in chunks."""
    body = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    fixed = (f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", body)
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def answered(raw: socket.socket, seconds: float = 5.0) -> bytes:
    """What comes within some seconds; empty when nothing does."""
    raw.settimeout(seconds)
    with contextlib.suppress(TimeoutError, ConnectionError):
        return raw.recv(65536)
    return b""


def status_of(answer: bytes) -> int:
    """The status of an answer's first line, 0 for none."""
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@dataclass
class Watch:
    """How an honest client fared while something went on, and how the services grew."""

    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)
    growth: dict[str, float] = field(default_factory=dict)
    """Service -> MiB."""


@contextmanager
def watching(
    stack: Stack, *paths: str, services: Sequence[str] = (), headers: dict[str, str] | None = None
) -> Iterator[Watch]:
    """Ask for paths again and again from an address of its own while the block runs, and weigh these services."""
    watch = Watch()
    ended = threading.Event()
    before = {name: memory(stack, name) for name in services}

    def ask() -> None:
        transport = httpx.HTTPTransport(local_address="127.0.0.99")
        with httpx.Client(timeout=30, transport=transport, headers=headers) as http:
            while not ended.is_set():
                for path in paths:
                    began = time.monotonic()
                    status = http.get(stack.url + path).status_code
                    watch.slowest = max(watch.slowest, time.monotonic() - began)
                    if status != 200:
                        watch.failures.append(f"{path}: {status}")
                ended.wait(0.1)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield watch
    finally:
        watch.growth = {name: memory(stack, name) - before[name] for name in services}
        ended.set()
        thread.join(60)


def memory(stack: Stack, name: str) -> float:
    """MiB that a service holds alone, without what a calendar is read in: that may be one which a test before left."""
    process, held = psutil.Process(stack.pid(name)), 0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            held += 0 if READER in one.cmdline() else one.memory_full_info().uss
    return held / MIB
