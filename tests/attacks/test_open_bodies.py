"""Memory: bodies that are large, never end, or grow when they are read (docs/security.md, "Memory")."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from notechondria_cli.names import SERVICES
from notechondria_launcher.stack import Stack
from notechondria_shared.web.body_budget import CLIENT_BYTES, FREE_BYTES
from tests.support.attacker import MIB, QUICK, answered, connect, head, status_of, watching
from tests.support.client import Api, User

LARGE = 20 * MIB - 1


@pytest.fixture(scope="module")
def person(api: Api) -> User:
    return api.register()


def _open(
    stack: Stack, held: contextlib.ExitStack, count: int, head_: bytes, size: int, *, chunked: bool = False
) -> list[bytes]:
    """Send requests with the first `size` bytes of their bodies, one after the other; what is answered to each."""
    raws = [held.enter_context(connect(stack.ports["gateway"])) for _ in range(count)]
    piece = b'{"x":"' + b"a" * (65536 - 6)
    for raw in raws:
        with contextlib.suppress(ConnectionError, TimeoutError):
            raw.sendall(head_)
            for _ in range(size // 65536):
                raw.sendall(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
    # The gateway hands a refusal on with what it reads next.
    time.sleep(0.3)
    for raw in raws:
        with contextlib.suppress(ConnectionError, TimeoutError):
            raw.sendall(b"1\r\na\r\n" if chunked else b"a")
    # Together: who gets no answer is waited for as long as all the others.
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(partial(answered, seconds=0.5), raws))


@pytest.mark.contract("decision 41")
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    "path",
    ["auth/register/", "auth/login/", "auth/password/reset/", "auth/verify-email/", "invitations/validate/"],
)
def test_bodies_of_strangers_are_small(stack: Stack, path: str, chunked: bool) -> None:
    with watching(stack, "/api/v1/handshake/", services=SERVICES) as watch, contextlib.ExitStack() as held:
        request = head("POST", f"/api/v1/{path}", None if chunked else LARGE)
        for answer in _open(stack, held, 12, request, 2 * MIB, chunked=chunked):
            assert status_of(answer) in {400, 404, 0}, answer
    assert not watch.failures
    assert watch.slowest < QUICK
    assert max(watch.growth.values()) < 100, watch.growth


@pytest.mark.contract("decision 41")
def test_unfinished_texts_of_one_person_take_a_share_of_the_memory(stack: Stack, person: User) -> None:
    line = f"Authorization: Token {person.token}"
    request = head("POST", "/api/v1/notes/", LARGE, line)
    watched = ("/api/v1/auth/session/", "/api/v1/courses/")
    with watching(stack, *watched, services=["notes"], headers=person.headers) as watch, contextlib.ExitStack() as held:
        answers = [status_of(answer) for answer in _open(stack, held, 8, request, 19 * MIB)]
    assert answers.count(503) >= 8 - CLIENT_BYTES // (19 * MIB - FREE_BYTES), answers
    assert not watch.failures
    assert watch.growth["notes"] < 100, watch.growth
    assert person.post("notes/", {"title": "after"}).status_code == 201


@pytest.mark.contract("decision 41")
def test_small_requests_pass_while_large_ones_are_refused(stack: Stack, person: User) -> None:
    line = f"Authorization: Token {person.token}"
    with contextlib.ExitStack() as held:
        _open(stack, held, 4, head("POST", "/api/v1/notes/", LARGE, line), 19 * MIB)
        assert person.post("notes/", {"title": "small", "content": "x" * 20_000}).status_code == 201


BOMBS: Mapping[str, Callable[[], bytes]] = {
    "lists": lambda: b"[" + b"[]," * 3_000_000 + b"[]]",
    "objects": lambda: b'{"title":"x","more":[' + b"{}," * 3_000_000 + b"{}]}",
    "keys": lambda: b'{"title":"x"' + b"".join(b',"%d":1' % number for number in range(1_000_000)) + b"}",
    "depth": lambda: b"[" * 5_000_000,
}
"""JSON that is twenty times as large once it is read."""


@pytest.mark.contract("decision 41")
@pytest.mark.parametrize("kind", BOMBS)
def test_json_that_grows_when_it_is_read_is_refused(stack: Stack, person: User, kind: str) -> None:
    headers, body = {"Content-Type": "application/json"}, BOMBS[kind]()
    with watching(stack, "/api/v1/courses/", services=["notes"], headers=person.headers) as watch:
        answer = person.request("POST", "notes/", content=body, headers=headers)
    assert answer.status_code == 400, (kind, answer.text[:200])
    assert watch.growth["notes"] < 100, watch.growth
    assert not watch.failures


@pytest.mark.contract("decision 2")
def test_a_text_of_the_largest_size_is_still_taken(person: User) -> None:
    text = 'a line, with "quotes" and [brackets]\n' * 300_000
    body = json.dumps({"title": "large", "content": text}).encode()
    assert 10 * MIB < len(body) < 20 * MIB
    answer = person.request("POST", "notes/", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text[:300]
    person.delete(f"notes/{answer.json()['id']}/")


@pytest.mark.contract("decision 41")
def test_credentials_are_looked_at_before_a_body_is_read(stack: Stack) -> None:
    paths = ("notes/", "courses/", "planner-events/", "calendar-feeds/", "auth/api-keys/", "settings/")
    with contextlib.ExitStack() as held:
        raws = {path: held.enter_context(connect(stack.ports["gateway"])) for path in paths}
        for path, raw in raws.items():
            method = "PATCH" if path == "settings/" else "POST"
            raw.sendall(head(method, f"/api/v1/{path}", 900_000, "Authorization: Token " + "0" * 40) + b"{")
        time.sleep(0.3)  # the gateway hands a refusal on with what it reads next
        for path, raw in raws.items():
            raw.sendall(b"x")
            assert status_of(answered(raw)) == 401, path


@pytest.mark.contract("decision 41")
def test_agents_send_at_most_a_mebibyte(person: User) -> None:
    key = person.rotate_key()
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"' + b"a" * MIB + b'"}}'
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = person.api.http.post(person.api.url("/mcp"), content=body, headers=headers)
    assert answer.status_code == 400
    assert "1 MiB" in answer.json()["error"]["message"]
