"""The light client of calls between services: what it sends, takes for an answer, and raises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import uvloop
from pydantic import JsonValue

from mcp_service.upstream import json_client
from mcp_service.upstream.json_client import HttpxCalls, JsonClient
from notechondria_shared.core.request_context import request_id
from notechondria_shared.web.clients import tls_context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Turn = bytes | None
"""What the server answers to a request; None: it closes the connection."""


class Server:
    """Answers the requests of each connection by turns, and keeps what it got."""

    def __init__(self, *turns: Turn, wait_seconds: float = 0.0, rest: Turn = OK) -> None:
        self._turns, self._rest, self._wait = list(turns), rest, wait_seconds
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.closed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((first, headers, body))
                await asyncio.sleep(self._wait)
                turn = self._turns.pop(0) if self._turns else self._rest
                if turn is None:
                    return
                writer.write(turn)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed.set()
        finally:
            writer.close()


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[tuple[JsonClient, str]]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    client = JsonClient(tls_context)
    try:
        yield client, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        await client.aclose()
        listening.close()


def play(make: Callable[[], Server], work: Callable[[Server, JsonClient, str], Awaitable[None]]) -> None:
    async def played() -> None:
        server = make()
        async with running(server) as (client, url):
            await work(server, client, url)

    # As services run.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(played())


def test_calls_go_over_one_connection_as_httpx_would_send_them() -> None:
    async def work(server: Server, client: JsonClient, url: str) -> None:
        token = request_id.set("request-one")
        async with httpx.AsyncClient(trust_env=False) as http:
            for calls in (client, HttpxCalls(http)):
                params: dict[str, str | int] = {"q": "a b&c=ü", "limit": 5, "whole": True}
                await calls.call("GET", f"{url}/api/v1/notes/", headers={"X-Word": "w"}, params=params)
                await calls.call("PATCH", f"{url}/api/v1/a b/ü/", headers={}, body={"text": "ü", "n": None})
                await calls.call("DELETE", f"{url}/api/v1/notes/5/", headers={})
        request_id.reset(token)
        assert server.connections == 2
        ours, theirs = server.requests[:3], server.requests[3:]
        assert [(first, body) for first, _, body in ours] == [(first, body) for first, _, body in theirs]
        assert ours[0][0] == "GET /api/v1/notes/?q=a+b%26c%3D%C3%BC&limit=5&whole=true HTTP/1.1"
        for (_, headers, _), (_, others, _) in zip(ours, theirs, strict=True):
            own = {name: value for name, value in headers.items() if (name, value) != ("content-length", "0")}
            assert own.items() - others.items() == {("accept", "application/json"), ("x-request-id", "request-one")}

    play(Server, work)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, None),
        (b'HTTP/1.1 404 Not Found\r\nContent-Length: 14\r\n\r\n{"detail":"n"}', 404, {"detail": "n"}),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n2\r\n,2\r\n1\r\n]\r\n0\r\n\r\n",
            200,
            [1, 2],
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, {}),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, {}),
    ],
)
def test_an_answer_is_read_whole_in_any_form(answer: bytes, status: int, body: JsonValue) -> None:
    async def work(server: Server, client: JsonClient, url: str) -> None:
        for _ in range(2):
            found = await client.call("GET", url, headers={})
            assert (found.status_code, found.json() if found.content else None) == (status, body)
            assert found.is_success == (status < 300)
        assert server.connections == (2 if b"HTTP/1.0" in answer else 1)

    play(lambda: Server(rest=answer), work)


def test_a_read_is_repeated_once_on_a_connection_that_broke_and_a_write_is_not() -> None:
    async def work(server: Server, client: JsonClient, url: str) -> None:
        assert (await client.call("GET", url, headers={})).json() == {}
        for method in ("POST", "DELETE", "GET"):
            with pytest.raises(httpx.RemoteProtocolError):
                await client.call(method, url, headers={}, body={} if method == "POST" else None)
        assert [first.split()[0] for first, _, _ in server.requests] == ["GET", "GET", "POST", "DELETE", "GET", "GET"]

    play(lambda: Server(None, OK, None, None, None, None), work)


def test_a_connection_that_the_server_closed_meanwhile_is_not_used() -> None:
    async def work(server: Server, client: JsonClient, url: str) -> None:
        for _ in range(2):
            await client.call("POST", url, headers={}, body={})
            await asyncio.sleep(0.05)
        assert server.connections == 2

    play(
        lambda: Server(
            rest=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"
        ),
        work,
    )


def test_what_is_no_answer_is_an_error_of_the_protocol() -> None:
    async def work(server: Server, client: JsonClient, url: str) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.call("POST", url, headers={}, body={})

    play(lambda: Server(b"SSH-2.0-OpenSSH\r\n\r\n"), work)


def test_an_answer_that_does_not_come_ends_the_wait_and_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_client, "READ_SECONDS", 0.1)

    async def work(server: Server, client: JsonClient, url: str) -> None:
        with pytest.raises(httpx.ReadTimeout):
            await client.call("GET", url, headers={})
        await asyncio.wait_for(server.closed.wait(), 5)

    play(lambda: Server(wait_seconds=0.4), work)


def test_a_call_that_is_cancelled_leaves_its_answer_to_nobody() -> None:
    async def work(server: Server, client: JsonClient, url: str) -> None:
        first = asyncio.create_task(client.call("GET", f"{url}/first", headers={}))
        await asyncio.sleep(0.1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await client.call("GET", f"{url}/second", headers={})).json() == [2]
        assert server.connections == 2

    one, two = (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[%d]" % number for number in (1, 2))
    play(lambda: Server(one, two, wait_seconds=0.2), work)


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_client, "CONNECTIONS", 2)
    monkeypatch.setattr(json_client, "POOL_SECONDS", 0.1)

    async def work(server: Server, client: JsonClient, url: str) -> None:
        calls = [client.call("GET", url, headers={}) for _ in range(3)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one) for one in answers].count(httpx.ConnectTimeout) == 1
        assert server.connections == 2

    play(lambda: Server(wait_seconds=0.4), work)


@pytest.mark.parametrize(
    ("url", "headers", "error"),
    [
        ("http://127.0.0.1:9/", {}, httpx.ConnectError),
        ("gopher://127.0.0.1/", {}, httpx.UnsupportedProtocol),
        ("http://127.0.0.1:9/" + "a" * 70_000, {}, httpx.InvalidURL),
        ("http://127.0.0.1:9/", {"X-Word": "a\r\nHost: b"}, httpx.LocalProtocolError),
    ],
)
def test_what_cannot_be_sent_raises_as_httpx_does(url: str, headers: dict[str, str], error: type[Exception]) -> None:
    async def work() -> None:
        client = JsonClient(tls_context)
        with pytest.raises(error):
            await client.call("GET", url, headers=headers)
        await client.aclose()

    asyncio.run(work())
