"""A client for small calls of JSON between services, where the calls are so many that httpx is what they cost.

httpx takes 0.5 ms of processor time for a call, this 0.1 (docs/operations.md, "MCP, gateway, memory"): the parser is
httptools', as in our server, and an answer is read whole. It raises httpx's errors, so that callers know one kind.
Streams, files, and calls that are traced stay with httpx (`web/clients.py`).
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast
from urllib.parse import quote, urlencode, urlsplit

import httpx
from httptools import HttpParserError, HttpResponseParser
from pydantic import JsonValue
from pydantic_core import from_json

from notechondria_shared.core.network_guard import forbid_in_transaction
from notechondria_shared.core.request_context import request_id
from notechondria_shared.web.answers import encoded

CONNECT_SECONDS, READ_SECONDS, POOL_SECONDS = 1.0, 15.0, 2.0
CONNECTIONS, KEPT, KEPT_SECONDS = 64, 16, 30.0
"""At once, and of those kept open while unused, per address; uvicorn closes a quiet one after 75 s."""
CONNECT_TRIES = 2
LONGEST_TARGET = 64 * 1024
"""Of path and query, as uvicorn takes and httpx sends it."""
_UNQUOTED = "/:@!$&'()*+,;=~%"
Parameters = Mapping[str, str | int]


@dataclass(slots=True)
class JsonAnswer:
    """An answer that was read whole."""

    status_code: int
    content: bytes

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status_code < 300

    def json(self) -> JsonValue:
        """The body; ValueError when it is no JSON."""
        value: JsonValue = from_json(self.content)
        return value


class JsonCalls(Protocol):
    """What calls another service and reads its answer whole."""

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Parameters | None = None,
        body: JsonValue = None,
    ) -> JsonAnswer:
        """The answer; `httpx.HTTPError` without one, `httpx.InvalidURL` when the address is too long."""
        ...


class HttpxCalls:
    """The same by httpx, for where something is hung into it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Parameters | None = None,
        body: JsonValue = None,
    ) -> JsonAnswer:
        """Send and read."""
        answer = await self._http.request(method, url, headers=headers, params=params, json=body)
        return JsonAnswer(answer.status_code, answer.content)


class _Connection(asyncio.Protocol):
    """One connection, on which one request is under way at most."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        self._answer: asyncio.Future[JsonAnswer] | None = None
        self._body: list[bytes] = []
        self._read_at = self.unused_since = 0.0
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        # uvloop's is none by its class.
        self._transport, self.is_open = cast("asyncio.Transport", transport), True

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody asked for ends the connection."""
        if self._answer is None:
            self.close()
            return
        self._read_at = self._loop.time()
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))

    def on_body(self, body: bytes) -> None:
        """Keep a piece."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand over what was read; an answer of 1xx is followed by the real one."""
        status = self._parser.get_status_code()
        if status < 200:
            return
        content, self._body = b"".join(self._body), []
        asked = self._answer is not None and not self._answer.done()
        if not asked or not self._parser.should_keep_alive():
            self.close()
        if self._answer is not None and asked:
            self._answer.set_result(JsonAnswer(status, content))

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has closed it, or the network."""
        self.is_open = False
        closed = httpx.RemoteProtocolError("the connection was closed before the answer was complete")
        self._fail(httpx.ReadError(str(exc)) if exc else closed)

    def eof_received(self) -> None:
        """The other side will send nothing more: `connection_lost` follows, and no request may come in between."""
        self.is_open = False

    async def send(self, request: bytes) -> JsonAnswer:
        """Send a request and wait for its answer."""
        assert self._transport is not None  # noqa: S101 - it stands
        self._answer = self._loop.create_future()
        self._read_at = self._loop.time()
        clock = self._loop.call_later(READ_SECONDS, self._look_at_clock)
        try:
            self._transport.write(request)
            return await self._answer
        except BaseException:
            self.close()  # an answer to nobody would be taken for the next one
            raise
        finally:
            clock.cancel()
            self._answer = None

    def close(self) -> None:
        """Give it up."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def _look_at_clock(self) -> None:
        if self._answer is None or self._answer.done():
            return
        left = self._read_at + READ_SECONDS - self._loop.time()
        if left > 0:
            self._loop.call_later(left, self._look_at_clock)
        else:
            self._fail(httpx.ReadTimeout("no answer in time"))

    def _fail(self, error: httpx.TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()


@dataclass(slots=True)
class _Address:
    """Where requests go, and the connections to there that are unused, the last used one on the right."""

    host: str
    port: int
    tls: bool
    header: str
    unused: deque[_Connection] = field(default_factory=deque)


class JsonClient:
    """Calls services at a few addresses, each over connections that stay open."""

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls
        self._addresses: dict[str, _Address] = {}
        self._slots = asyncio.Semaphore(CONNECTIONS)

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Parameters | None = None,
        body: JsonValue = None,
    ) -> JsonAnswer:
        """The answer. A read is repeated once when its connection broke; a write is not: it may have been done."""
        forbid_in_transaction(f"{method} {url}")
        address, target = self._target(url)
        if params:
            words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
            target = f"{target}?{urlencode(words)}"
        if len(target) > LONGEST_TARGET:
            message = "the address is too long"
            raise httpx.InvalidURL(message)
        request = _request(method, target, address.header, headers, body)
        await self._take_slot()
        try:
            try:
                return await self._send(address, request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                if method != "GET":
                    raise
                return await self._send(address, request)
        finally:
            self._slots.release()

    async def aclose(self) -> None:
        """Close what is unused; calls under way end by themselves."""
        for address in self._addresses.values():
            while address.unused:
                address.unused.pop().close()

    def _target(self, url: str) -> tuple[_Address, str]:
        scheme, _, rest = url.partition("://")
        network, slash, path = rest.partition("/")
        origin = f"{scheme}://{network}"
        if (address := self._addresses.get(origin)) is None:
            parts = urlsplit(origin)
            tls = parts.scheme == "https"
            if not parts.hostname or parts.scheme not in {"http", "https"}:
                message = f"{origin!r} is no address of a service"
                raise httpx.UnsupportedProtocol(message)
            port = parts.port or (443 if tls else 80)
            address = self._addresses[origin] = _Address(parts.hostname, port, tls, network)
        return address, quote(f"{slash}{path}" or "/", safe=_UNQUOTED)

    async def _take_slot(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(POOL_SECONDS):
                await self._slots.acquire()
        except TimeoutError:
            message = "all connections are in use"
            raise httpx.PoolTimeout(message) from None

    async def _send(self, address: _Address, request: bytes) -> JsonAnswer:
        connection = _unused(address) or await self._connect(address)
        answer = await connection.send(request)
        if connection.is_open:
            connection.unused_since = time.monotonic()
            address.unused.append(connection)
            if len(address.unused) > KEPT:
                address.unused.popleft().close()
        return answer

    async def _connect(self, address: _Address) -> _Connection:
        for attempt in range(1, CONNECT_TRIES + 1):
            try:
                return await self._try_to_connect(address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if attempt == CONNECT_TRIES:
                    raise
        raise AssertionError

    async def _try_to_connect(self, address: _Address) -> _Connection:
        loop = asyncio.get_running_loop()
        context = self._tls() if address.tls else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop), address.host, address.port, ssl=context
                )
        except TimeoutError:
            message = "no connection in time"
            raise httpx.ConnectTimeout(message) from None
        except OSError as error:
            raise httpx.ConnectError(str(error)) from None
        return connection


def _unused(address: _Address) -> _Connection | None:
    """A connection that was used a short while ago; older ones are closed."""
    while address.unused:
        connection = address.unused.pop()
        if connection.is_open and time.monotonic() - connection.unused_since < KEPT_SECONDS:
            return connection
        connection.close()
    return None


def _request(method: str, target: str, host: str, headers: Mapping[str, str], body: JsonValue) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", "accept: application/json"]
    if (identifier := request_id.get()) != "-":
        lines.append(f"x-request-id: {identifier}")
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            message = f"the header {name} has characters that a header cannot have"
            raise httpx.LocalProtocolError(message)
        lines.append(f"{name}: {value}")
    content = b""
    if body is not None:
        content = encoded(body)
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    elif method in {"POST", "PATCH"}:
        lines.append("content-length: 0")
    return "\r\n".join((*lines, "", "")).encode("ascii") + content
