"""Connections that mean harm, by real sockets and in bounded numbers: refused, or held without harm to others."""

from __future__ import annotations

import contextlib
import resource
import socket
import statistics
import time
from collections.abc import Iterator

import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api

IDLE = 10_000


def connect(stack: Stack, *, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", stack.ports["gateway"]), timeout=10, source_address=(source, 0))


def talk(stack: Stack, data: bytes) -> bytes:
    """Everything the gateway says to these bytes until it closes, or nothing within two seconds."""
    with connect(stack) as raw:
        raw.settimeout(2)
        answer = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            raw.sendall(data)
            while chunk := raw.recv(65536):
                answer += chunk
        return answer


def statuses(answer: bytes) -> list[int]:
    return [int(part.split()[1]) for part in answer.split(b"\r\n") if part.startswith(b"HTTP/1.1 ")]


GET = b"GET /api/v1/ping/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
HEAD = b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
INNER = b"GET /internal/health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n" + INNER,
        HEAD + b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + INNER,
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + INNER,
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
        HEAD + b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INNER,
        HEAD + b"X-A: b\r\n Content-Length: 60\r\n\r\n" + INNER,
        HEAD + b"Content-Length: +2\r\n\r\n{}" + INNER,
        HEAD + b"Content-Length: -1\r\n\r\n" + INNER,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + INNER,
        b"GET /api/v1/ping/ HTTP/1.1\nHost: localhost\nX: \x00\n\n" + INNER,
        b"GET /api/v1/ping/ HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/internal/introspect HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_smuggled_requests_reach_nobody(stack: Stack, request_: bytes) -> None:
    answer = talk(stack, request_)
    # Refused as a whole, or read as the two plain requests they are, of which the inner is an unknown path.
    assert all(status in {400, 404, 415, 501} for status in statuses(answer)), answer[:500]
    assert b'"revision"' not in answer
    assert b'"ready"' not in answer


def test_headers_are_bounded(stack: Stack) -> None:
    assert statuses(talk(stack, GET + b"X-Big: " + b"x" * 200_000 + b"\r\n\r\n")) in ([431], [])
    many = b"".join(b"X-%d: y\r\n" % number for number in range(20_000))
    assert statuses(talk(stack, GET + many + b"\r\n")) in ([431], [])
    assert statuses(talk(stack, GET + b"X-Big: " + b"x" * 30_000 + b"\r\n\r\n")) == [200]


@pytest.fixture
def slow(stack: Stack) -> Iterator[list[socket.socket]]:
    """Two hundred clients that begin a request and never end it, half of them in the middle of a body."""
    with contextlib.ExitStack() as held:
        found = [held.enter_context(connect(stack, source="127.0.0.2")) for _ in range(200)]
        for number, raw in enumerate(found):
            if number % 2:
                raw.sendall(b"GET /api/v1/ping/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            else:
                raw.sendall(HEAD + b"Content-Length: 100000\r\n\r\n{")
        yield found


def test_slow_clients_do_not_hold_others_up(api: Api, slow: list[socket.socket]) -> None:
    user = api.register()
    for _ in range(3):
        for raw in slow:
            raw.sendall(b"x")
        started = time.monotonic()
        for path in ("settings/", "notes/", "planner-events/"):
            assert user.get(path).status_code == 200
        assert time.monotonic() - started < 10


def test_ten_thousand_idle_connections_harm_nobody(api: Api, stack: Stack) -> None:
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(IDLE, allowed - 1_000)
    user = api.register()

    def milliseconds() -> float:
        times = []
        for _ in range(30):
            started = time.perf_counter()
            assert user.get("settings/").status_code == 200
            times.append((time.perf_counter() - started) * 1000)
        return statistics.median(times)

    alone = milliseconds()
    with contextlib.ExitStack() as held:
        for number in range(count):  # from several addresses of loopback, whose ports are counted each
            held.enter_context(connect(stack, source=f"127.0.0.{number % 8 + 2}"))
        beside = milliseconds()
        assert api.post("notes/", {"title": "x"}, headers=user.headers).status_code == 201
    assert beside < alone * 5 + 500, (alone, beside)
    assert user.get("settings/").status_code == 200
