"""A client for small calls of JSON between services, where the calls are so many that httpx is what they cost.

httpx takes 0.7 ms of processor time for a call, aiohttp 0.13 (docs/operations.md, "MCP, gateway, memory"). It raises
httpx's errors, so that callers know one kind. Streams, files, and calls that are traced stay with httpx
(`web/clients.py` of the shared library); so do the services that call seldom: aiohttp takes 8 MiB.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

import aiohttp
import httpx
from pydantic import JsonValue
from pydantic_core import from_json
from yarl import URL

from notechondria_shared.core.network_guard import forbid_in_transaction
from notechondria_shared.core.request_context import request_id
from notechondria_shared.web.answers import encoded

CONNECT_SECONDS, READ_SECONDS, POOL_SECONDS = 1.0, 15.0, 2.0
"""The last one for a connection while all are in use, and for making one."""
CONNECTIONS, KEPT_SECONDS = 64, 30.0
"""At once; uvicorn closes one that is quiet after 75 s."""
TRIES = 2
"""Of a connection, and of a read on one that broke."""
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


class JsonClient:
    """Calls services over connections that stay open."""

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

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
        target = _target(url, params)
        sent = _headers(headers)
        content = None
        if body is not None:
            content, sent["content-type"] = encoded(body), "application/json"
        for attempt in range(1, TRIES + 1):
            try:
                with _errors_of_httpx():
                    return await self._send(method, target, sent, content)
            except httpx.ConnectError:
                if attempt == TRIES:
                    raise
            except (httpx.RemoteProtocolError, httpx.ReadError):
                if attempt == TRIES or method != "GET":
                    raise
        raise AssertionError

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _send(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> JsonAnswer:
        tls = self._tls() if url.scheme == "https" else True
        async with self._opened().request(
            method, url, headers=headers, data=body, ssl=tls, allow_redirects=False
        ) as answer:
            return JsonAnswer(answer.status, await answer.read())

    def _opened(self) -> aiohttp.ClientSession:
        """Made at the first call: it belongs to the loop that runs then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT_SECONDS),
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=POOL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=["User-Agent", "Accept-Encoding"],
                trust_env=False,
            )
            # It would repeat a DELETE, too, of which nobody knows whether it was done; there is no other switch.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session


def _target(url: str, params: Parameters | None) -> URL:
    scheme, _, rest = url.partition("://")
    network, _, path = rest.partition("/")
    if scheme not in {"http", "https"} or not network:
        message = f"{scheme}://{network} is no address of a service"
        raise httpx.UnsupportedProtocol(message)
    target = f"/{quote(path, safe=_UNQUOTED)}"
    if params:
        words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        target = f"{target}?{urlencode(words)}"
    if len(target) > LONGEST_TARGET:
        message = "the address is too long"
        raise httpx.InvalidURL(message)
    return URL(f"{scheme}://{network}{target}", encoded=True)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    sent = {"accept": "application/json", **headers}
    if (identifier := request_id.get()) != "-":
        sent["x-request-id"] = identifier
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            message = f"the header {name} has characters that a header cannot have"
            raise httpx.LocalProtocolError(message)
    return sent


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Raise httpx's error in the place of aiohttp's."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from None
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from None
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error)) from None
    except aiohttp.ClientOSError as error:
        raise httpx.ReadError(str(error)) from None
    except aiohttp.ClientError as error:
        raise httpx.RemoteProtocolError(str(error)) from None
