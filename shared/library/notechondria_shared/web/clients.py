"""HTTP clients between services: the one place that makes them, so that a change of library stays in one file."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from functools import cache

import httpx

from notechondria_contracts.clients.base import AUDIENCE
from notechondria_shared.auth.assertion import ASSERTION_HEADER, INTERNAL_TOKEN_HEADER
from notechondria_shared.core.keys import CallTokens
from notechondria_shared.core.network_guard import forbid_in_transaction
from notechondria_shared.core.request_context import request_id

TIMEOUT = httpx.Timeout(5.0, connect=1.0, pool=2.0)
LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=30)


async def _trace(request: httpx.Request) -> None:
    if (identifier := request_id.get()) != "-":
        request.headers.setdefault("X-Request-ID", identifier)


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates that every client trusts, or those of SSL_CERT_FILE: reading them takes 20 ms and a megabyte."""
    return httpx.create_ssl_context()


class Guarded(httpx.AsyncHTTPTransport):
    """Refuses to call while the task holds an open transaction, where that rule is enforced."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send."""
        forbid_in_transaction(f"{request.method} {request.url.host}{request.url.path}")
        return await super().handle_async_request(request)


class RetryOnce(Guarded):
    """Repeats a request once when its kept-alive connection turned out to be closed before anything was answered.

    Connect errors are repeated by httpcore itself (`retries=1`). A write is not repeated: it may have been done.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; once more on a connection that broke under an idempotent request."""
        try:
            return await super().handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            repeatable = request.method in {"GET", "HEAD"} or request.url.path.startswith("/internal/")
            if not repeatable:
                raise
            return await super().handle_async_request(request)


def _sign(calls: CallTokens) -> Callable[[httpx.Request], Awaitable[None]]:
    async def sign(request: httpx.Request) -> None:
        """Show who calls, to the service that the caller of this client named and to no other."""
        request.headers[INTERNAL_TOKEN_HEADER] = calls.token(request.extensions[AUDIENCE])

    return sign


def internal_client(calls: CallTokens) -> httpx.AsyncClient:
    """For `/internal/*` of other services: each request names its service in the extension `AUDIENCE`; 5 s at most."""
    return httpx.AsyncClient(
        transport=RetryOnce(verify=tls_context(), retries=1, limits=LIMITS),
        timeout=TIMEOUT,
        event_hooks={"request": [_trace, _sign(calls)]},
        trust_env=False,
        follow_redirects=False,
    )


def user_client() -> httpx.AsyncClient:
    """For the public endpoints of other services on a user's behalf; pass `on_behalf(assertion)` as headers."""
    return httpx.AsyncClient(
        transport=RetryOnce(verify=tls_context(), retries=1, limits=LIMITS),
        timeout=httpx.Timeout(15.0, connect=1.0, pool=2.0),
        event_hooks={"request": [_trace]},
        trust_env=False,
        follow_redirects=False,
    )


def external_client() -> httpx.AsyncClient:
    """For services outside the stack at addresses the operator chose: no redirects, time limits given per call."""
    return httpx.AsyncClient(
        transport=Guarded(verify=tls_context(), limits=LIMITS),
        timeout=TIMEOUT,
        trust_env=False,
        follow_redirects=False,
    )


def on_behalf(assertion: str) -> dict[str, str]:
    """The header that carries a user's internal assertion."""
    return {ASSERTION_HEADER: assertion}
