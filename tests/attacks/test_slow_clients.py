"""Time: bodies that trickle, and answers that nobody reads (docs/security.md, "Time")."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from notechondria_launcher.stack import Stack
from notechondria_shared.web.slow_bodies import GRACE_SECONDS
from tests.support.attacker import MIB, QUICK, answered, connect, head, status_of, watching
from tests.support.client import Api, User, eventually
from tests.support.replica import another

SLOW = 1300


@pytest.fixture(scope="module")
def person(api: Api) -> User:
    return api.register()


def _trickle(stack: Stack, held: contextlib.ExitStack, count: int, request: bytes, sources: int) -> list[socket.socket]:
    found = []
    for number in range(count):
        raw = held.enter_context(connect(stack.ports["gateway"], f"127.0.1.{number % sources + 1}"))
        raw.sendall(request + b"{")
        found.append(raw)
    return found


@pytest.mark.parametrize(("sources", "factor"), [(3, 1), (40, 3)])
def test_bodies_of_a_byte_stop_nobody(stack: Stack, person: User, sources: int, factor: int) -> None:
    """Three addresses are stopped by their shares, forty by the number of bodies that are awaited at once.

    Of forty all 1,300 requests reach the service, which ends a thousand of them: that takes a second of its time.
    """
    watched = ("/api/v1/auth/session/", "/api/v1/handshake/", "/api/v1/courses/")
    with contextlib.ExitStack() as held:
        _trickle(stack, held, SLOW, head("POST", "/api/v1/auth/register/", 60_000), sources)
        with watching(stack, *watched, services=["identity", "notes"], headers=person.headers) as watch:
            time.sleep(3)  # as long as the attack is watched
            name = f"honest-{secrets.token_hex(4)}"
            assert person.api.sign_up(name).username == name
    assert not watch.failures
    assert watch.slowest < QUICK * factor
    assert max(watch.growth.values()) < 100, watch.growth


def test_a_signed_in_person_does_not_stop_notes(stack: Stack, person: User, api: Api) -> None:
    other = api.register()
    line = f"Authorization: Token {person.token}"
    with contextlib.ExitStack() as held:
        _trickle(stack, held, SLOW, head("POST", "/api/v1/notes/", 60_000, line), 20)
        with watching(stack, "/api/v1/notes/", headers=other.headers) as watch:
            time.sleep(2)  # as long as the attack is watched
            assert other.post("notes/", {"title": "beside"}).status_code == 201
    assert not watch.failures
    assert watch.slowest < QUICK * 3  # from twenty addresses, as above


def test_a_body_that_trickles_ends(stack: Stack) -> None:
    """At the service, where it holds something; the gateway may go on waiting for its client."""
    log = stack.log("identity")
    before = _timeouts(log)
    with connect(stack.ports["gateway"]) as raw:
        began = time.monotonic()
        raw.sendall(head("POST", "/api/v1/auth/login/", 60_000) + b"{")
        while _timeouts(log) == before and time.monotonic() - began < GRACE_SECONDS + 15:
            raw.sendall(b" ")
            time.sleep(0.5)
    assert _timeouts(log) == before + 1
    assert time.monotonic() - began > GRACE_SECONDS - 1


def _timeouts(log: Path) -> int:
    return log.read_text(errors="replace").count(" 408 ")


def test_one_address_has_a_share_of_the_requests(stack: Stack, person: User) -> None:
    line = f"Authorization: Token {person.token}"
    with contextlib.ExitStack() as held:
        for path in ("notes/", "courses/", "blocks/1/"):  # routes of the gateway, all of one service
            method = "PATCH" if path == "blocks/1/" else "POST"
            _trickle(stack, held, 95, head(method, f"/api/v1/{path}", 60_000, line), 1)
        refused = eventually(lambda: _refusal(stack, line), what="a refusal")
        assert b"Backend.Http/capacity" in refused
        assert b"Retry-After: 1" in refused
        assert person.get("notes/").status_code == 200  # another address


def _refusal(stack: Stack, line: str) -> bytes:
    with connect(stack.ports["gateway"], "127.0.1.1") as raw:
        raw.sendall(f"GET /api/v1/notes/ HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n".encode())
        answer = answered(raw)
    return answer if status_of(answer) == 429 else b""


@pytest.fixture
def large_file(person: User) -> str:
    """The path of an attachment of 20 MiB."""
    # The attacks of the tests before may still be in the way of a service on a busy machine.
    answer = eventually(partial(_made, person, "notes/", {"title": "with a file"}), what="an answer after the attack")
    note = answer.json()["id"]
    files = {"file": ("large.bin", secrets.token_bytes(20 * MIB - 100))}
    url: str = person.request("POST", f"notes/{note}/attachments/", files=files).json()["url"]
    return "/" + url.split("/", 3)[3]


def _made(person: User, path: str, body: dict[str, str]) -> httpx.Response | None:
    answer = person.post(path, body)
    return answer if answer.status_code == 201 else None


def _get(path: str, person: User) -> bytes:
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Authorization: Token {person.token}")
    return "\r\n".join([*lines, "", ""]).encode()


def test_who_does_not_read_loses_the_connection(stack: Stack, person: User, large_file: str) -> None:
    # Long enough for all of them to be seen on a busy machine, where a look takes a second.
    with another(stack, "notes", CLIENT_READ_SECONDS="8") as url, contextlib.ExitStack() as held:
        port = int(url.rsplit(":", 1)[1])
        raws = [held.enter_context(connect(port, f"127.0.2.{number + 1}", 4096)) for number in range(8)]
        for raw in raws:
            raw.sendall(_get(large_file, person))
        eventually(lambda: _served(port) == len(raws), what="the files being sent")
        eventually(lambda: _served(port) == 0, seconds=40, what="the connections' end")
        answer = httpx.get(f"{url}/api/v1/notes/", headers=person.headers, timeout=10, trust_env=False)
        assert answer.status_code == 200


def _served(port: int) -> int:
    """Connections that the service behind a port holds."""
    found = psutil.net_connections("tcp")
    return sum(1 for one in found if one.pid and one.laddr and one.laddr.port == port and one.status == "ESTABLISHED")


def test_a_slow_reader_who_reads_gets_everything(stack: Stack, person: User, large_file: str) -> None:
    with (
        another(stack, "notes", CLIENT_READ_SECONDS="1") as url,
        connect(int(url.rsplit(":", 1)[1]), "127.0.2.1", 65536) as raw,
    ):
        raw.sendall(_get(large_file, person))
        began, received = time.monotonic(), 0
        while piece := raw.recv(65536):
            received += len(piece)
            time.sleep(0.01)
    assert received > 20 * MIB - 100
    assert time.monotonic() - began > 2
