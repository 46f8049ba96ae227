"""Fetching small JSON documents from addresses that strangers name: the one address-safe client of this service.

Without redirects, bounded in time and size, to the public internet only.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import httpcore

from notechondria_shared.core.network_guard import forbid_in_transaction
from notechondria_shared.web.address_guard import GuardedBackend, Refused, Resolver
from notechondria_shared.web.clients import tls_context

MOST_BYTES = 10 * 1024
SECONDS = 5.0
AT_ONCE = 16


class DocumentRefused(Exception):
    """There is no document that could be used; the text is for the person."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of a document, and what its server says of keeping it."""

    body: bytes
    cache_control: str


class DocumentFetcher:
    """Fetches them; no connection is kept between two of them."""

    def __init__(self, allowed_hosts: Iterable[str], seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._resolver = Resolver()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls_context(),
            max_connections=AT_ONCE,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(allowed_hosts, self._resolver),
        )

    async def close(self) -> None:
        """Drop what is open."""
        await self._pool.aclose()
        self._resolver.close()

    async def fetch(self, url: str) -> Fetched:
        """The document at an https address; `DocumentRefused` for whatever goes wrong."""
        forbid_in_transaction("GET of a document")
        try:
            async with asyncio.timeout(self._seconds):
                return await self._get(url)
        except TimeoutError:
            raise DocumentRefused(f"Its server did not answer within {self._seconds:g} s.") from None
        except Refused as refusal:
            raise DocumentRefused(str(refusal)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            secure = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
            raise DocumentRefused("Its certificate is not valid." if secure else "It cannot be reached.") from None
        except (httpcore.UnsupportedProtocol, httpcore.PoolTimeout, UnicodeError, ValueError):
            raise DocumentRefused("Its address cannot be used.") from None

    async def _get(self, url: str) -> Fetched:
        sent = [("Accept", "application/json"), ("Accept-Encoding", "identity"), ("User-Agent", "Notechondria/0.1")]
        async with self._pool.stream("GET", url, headers=sent) as answer:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if 300 <= answer.status < 400:
                raise DocumentRefused("Its address leads elsewhere, which is not followed.")
            if answer.status != 200:
                raise DocumentRefused(f"Its server answered {answer.status}.")
            if "json" not in headers.get("content-type", "").lower():
                raise DocumentRefused("What is at its address is no JSON.")
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise DocumentRefused("Its document is compressed, which was not asked for.")
            body = bytearray()
            async for piece in answer.aiter_stream():
                body += piece
                if len(body) > MOST_BYTES:
                    raise DocumentRefused(f"Its document is larger than {MOST_BYTES // 1024} KiB.")
            return Fetched(bytes(body), headers.get("cache-control", ""))
