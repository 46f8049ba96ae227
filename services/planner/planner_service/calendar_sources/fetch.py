"""Fetching a calendar (planner §5.2): conditional, bounded in time and size, to public addresses only."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import unquote

import httpcore
import httpx

from notechondria_shared.core.timestamps import now
from notechondria_shared.web.address_guard import GuardedBackend, Refused, Resolve, UnknownName
from planner_service.calendar_sources.content_encoding import (
    OFFERED,
    BrokenEncodingError,
    CutOffError,
    TooLargeError,
    UnknownEncodingError,
    decoded,
)
from planner_service.calendars.decoding import decode

MOST_BYTES = 10 * 1024 * 1024
"""Of a calendar, after decompression."""
MOST_REDIRECTS = 5
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_HEADERS = {
    "User-Agent": "Notechondria/0.1 (+calendar-feed)",
    "Accept": "text/calendar, */*;q=0.1",
    "Accept-Encoding": OFFERED,
}
_WEBCAL = re.compile(r"^webcals?:", re.IGNORECASE)
# As browsers take them (RFC 6265 §5.2), with blanks around both.
_COOKIE = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,256})\s*=\s*((?:[!-:<-~](?:[ -:<-~]{0,3998}[!-:<-~])?)?)\s*(?:;|$)"
)
MOST_COOKIES = 20
_PASSING = frozenset({408, 425, 429})
"""Timeouts and limits: refusals that say nothing of the calendar."""
TOO_LARGE = f"It is larger than {MOST_BYTES // 1024 // 1024} MB."


class FetchFailed(Exception):
    """Nothing could be fetched; the text can be shown. `retry_after` is what the server asks for, in seconds.

    `is_final`: the address was asked and has no calendar for us; other failures may be over in a minute.
    """

    def __init__(self, text: str, retry_after: float | None = None, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `text` is None when it is the one that is known already (304)."""

    text: str | None
    etag: str | None
    last_modified: str | None
    note: str | None = None
    """What had to be guessed to read it."""


class CalendarFetcher(Protocol):
    """Gets calendars."""

    async def close(self) -> None:
        """Drop what is open."""
        ...

    async def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """The calendar at `url`; `FetchFailed` for whatever goes wrong."""
        ...


class Fetcher:
    """Gets calendars; no connection is kept between two fetches. `seconds` bounds a whole fetch, redirects and all."""

    def __init__(self, allowed_hosts: Iterable[str], seconds: float, resolve: Resolve) -> None:
        self._seconds = seconds
        self._backend = GuardedBackend(allowed_hosts, resolve)

    @cached_property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        """Made for the first calendar: certificates take 40 ms and two megabytes, also where nobody has a feed."""
        return httpcore.AsyncConnectionPool(
            ssl_context=httpcore.default_ssl_context(),
            max_connections=64,
            max_keepalive_connections=0,
            network_backend=self._backend,
        )

    async def close(self) -> None:
        """Drop what is open."""
        if "_pool" in vars(self):
            await self._pool.aclose()

    async def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """The calendar at `url`; `FetchFailed` for whatever goes wrong."""
        headers = dict(_HEADERS)
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(httpx.URL(url), headers)
        except TimeoutError:
            raise FetchFailed(f"It did not answer within {self._seconds:g} s.") from None
        except Refused as refusal:
            raise FetchFailed(str(refusal), is_final=not isinstance(refusal, UnknownName)) from None
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise FetchFailed("Its address cannot be used.") from None
        except (httpcore.ConnectError, OSError) as error:
            secure = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
            raise FetchFailed("Its certificate is not valid." if secure else "It cannot be reached.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.PoolTimeout):
            raise FetchFailed("The connection broke.") from None

    async def _follow(self, url: httpx.URL, headers: dict[str, str]) -> Fetched:
        secret = url.userinfo
        origin = (url.scheme, url.host, url.port)
        cookies = _Cookies()
        for _ in range(MOST_REDIRECTS + 1):
            if url.scheme not in {"http", "https"} or not url.host:
                raise FetchFailed("It redirects to an address that is not of the web.", is_final=True)
            sent = [(b"Host", url.netloc), *((name.encode(), value.encode()) for name, value in headers.items())]
            if secret and (url.scheme, url.host, url.port) == origin:
                sent.append((b"Authorization", b"Basic " + base64.b64encode(unquote(secret.decode()).encode())))
            if cookie := cookies.sent_to(url.host):
                sent.append((b"Cookie", cookie))
            target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
            async with self._pool.stream("GET", target, headers=sent) as answer:
                received = {name.decode("latin-1").lower(): _header(value) for name, value in answer.headers}
                if answer.status in {301, 302, 303, 307, 308} and "location" in received:
                    cookies.keep(url.host, answer.headers)
                    location = _WEBCAL.sub("https:", received["location"].strip())
                    url = url.copy_with(userinfo=b"").join(location)
                    continue
                return await _taken(answer, received)
        # A server that leads in circles says nothing of the calendar.
        raise FetchFailed("It redirects too often.")


class _Cookies:
    """What servers set on the way of one fetch, sent back to the host that set it: some lead in circles without."""

    def __init__(self) -> None:
        self._of_hosts: dict[str, dict[str, str]] = {}

    def keep(self, host: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the cookies of an answer, not more than a browser would."""
        kept = self._of_hosts.setdefault(host, {})
        for name, value in headers:
            if name.lower() == b"set-cookie" and (match := _COOKIE.match(value.decode("latin-1"))):
                kept[match[1]] = match[2]
                if len(kept) > MOST_COOKIES:
                    kept.pop(next(iter(kept)))

    def sent_to(self, host: str) -> bytes:
        """The header for a host; empty without any."""
        return "; ".join(f"{name}={value}" for name, value in self._of_hosts.get(host, {}).items()).encode("latin-1")


def _header(value: bytes) -> str:
    """The text of a header: some servers write addresses with characters beyond ASCII as they are, in UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def _taken(answer: httpcore.Response, headers: dict[str, str]) -> Fetched:
    marks: dict[str, Any] = {"etag": _mark(headers, "etag"), "last_modified": _mark(headers, "last-modified")}
    if answer.status == 304:
        return Fetched(None, **marks)
    if not 200 <= answer.status < 300:
        is_final = 400 <= answer.status < 500 and answer.status not in _PASSING
        wait = retry_after(headers.get("retry-after", ""), now())
        raise FetchFailed(f"The server answered {answer.status}.", wait, is_final=is_final)
    body = await _body(answer, headers.get("content-encoding", ""))
    # Megabytes that are no UTF-8 take most of a second, in a few pieces between which others are served.
    text, note = await asyncio.to_thread(decode, body, _charset(headers.get("content-type", "")))
    return Fetched(text.replace("\x00", ""), note=note, **marks)


def _charset(content_type: str) -> str:
    match = _CHARSET.search(content_type)
    return match[1] if match else ""


def retry_after(text: str, at: datetime) -> float | None:
    """The seconds that `Retry-After` asks for, as a number or up to a date (RFC 9110 §10.2.3); None when unreadable."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 9 else None
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone, as one with -0000, is in UTC.
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - at).total_seconds())


def _mark(headers: dict[str, str], name: str) -> str | None:
    value = headers.get(name, "")
    return value if 0 < len(value) < 1000 and value.isascii() and value.isprintable() else None


async def _body(answer: httpcore.Response, encoding: str) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise FetchFailed(TOO_LARGE, is_final=True)
    try:
        return decoded(bytes(body), encoding, MOST_BYTES)
    except UnknownEncodingError as unknown:
        raise FetchFailed(f"It is compressed in a way that is not known ({unknown}).", is_final=True) from None
    except TooLargeError:
        raise FetchFailed(TOO_LARGE, is_final=True) from None
    except BrokenEncodingError:
        raise FetchFailed("Its compression is broken.") from None
    except CutOffError:
        raise FetchFailed("The connection broke.") from None
