"""The outermost layer of a service: host check, preflights, CORS headers, request id, access log, the last 500."""

from __future__ import annotations

import logging
import re
import time
from functools import partial
from urllib.parse import quote
from uuid import uuid4

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from notechondria_shared.core.errors import ApiError
from notechondria_shared.core.forwarded import client_network
from notechondria_shared.core.request_context import request_id, request_user
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.web.access_log import log_access, mask_path
from notechondria_shared.web.answers import Json, server_error
from notechondria_shared.web.capacity import Capacity
from notechondria_shared.web.cors import OPEN, PREFIXES, cors_headers, preflight_headers
from notechondria_shared.web.errors import answer
from notechondria_shared.web.paths import NOT_STORED
from notechondria_shared.web.slow_bodies import BODIES, TimedBody

FORWARD_AUTH = "/internal/forward-auth"
"""Where the gateway asks who is calling; the client gets a refusal as it is, so with CORS headers for its own path."""
REFERRER_POLICY = b"strict-origin-when-cross-origin"
"""Answers with credentials, addresses and who did what: no cache keeps them."""
WRONG_HOST = "Invalid Host header."
logger = logging.getLogger("notechondria.http")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,128}")


def _header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


class EdgeMiddleware:
    """Pure ASGI, so that streams pass unbuffered."""

    def __init__(self, app: ASGIApp, settings: CoreSettings) -> None:
        self._app = app
        self._hosts = settings.allowed_hosts
        self._any_host = "*" in settings.django_allowed_hosts
        self._cors_hosts = settings.cors_hosts
        self._capacity = Capacity(per_client=settings.requests_per_client)
        self._force_color = settings.django_access_log_force_color

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; lifespan and websockets pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        sent_id = _header(scope, b"x-request-id")
        identifier = sent_id.decode() if _REQUEST_ID.fullmatch(sent_id) else uuid4().hex
        token = request_id.set(identifier)
        # The scope, not the user: who calls is known only later, and then also in tasks and threads begun before.
        user_token = request_user.set(partial(_user_id, scope))
        extra = [*cors_headers(scope, _path_of_client(scope), self._cors_hosts), (b"x-request-id", identifier.encode())]
        status = 0

        async def send_out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = _kept(message["headers"], extra)
                message["headers"] = [*headers, *extra, *_defaults(scope["path"], headers), *_user(scope)]
            await send(message)

        try:
            with self._capacity.take(scope["path"], _client(scope)):
                await self._answer(scope, TimedBody(receive, BODIES), send_out)
        except ApiError as refusal:
            if not status:
                await answer(refusal)(scope, receive, send_out)
        except Exception:
            logger.exception("unhandled error in %s %s", scope["method"], mask_path(scope["path"]))
            if not status:
                await server_error(scope["path"])(scope, receive, send_out)
        finally:
            duration = (time.perf_counter() - started) * 1000
            if not scope["path"].startswith("/internal/health/"):
                query = scope["query_string"].decode("latin-1")
                # Re-quoted, so that a path cannot write lines of its own into the log.
                path = quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
                log_access(status or 499, duration, scope["method"], path, query, force_color=self._force_color)
            request_user.reset(user_token)
            request_id.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        # Between services the Host is a service name; the gateway strips X-Internal-* of clients.
        internal = path.startswith("/internal/") or bool(_header(scope, b"x-internal-assertion"))
        if scope["method"] == "OPTIONS" and path.startswith((*PREFIXES, *OPEN)):
            await _no_content(send, preflight_headers(scope, path, self._cors_hosts))
        elif not internal and not self._host_allowed(scope):
            await _wrong_host(path)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _host_allowed(self, scope: Scope) -> bool:
        if self._any_host:
            return True
        host = _header(scope, b"host").decode("latin-1").lower()
        name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        return name.strip("[]").rstrip(".") in self._hosts


def _wrong_host(path: str) -> Response:
    """400; with the three keys under /api/, plain text elsewhere (identity §3.1)."""
    if not path.startswith("/api/"):
        return PlainTextResponse(WRONG_HOST, status_code=400)
    return Json({"detail": WRONG_HOST, "status_code": 400, "path": path}, status_code=400)


def _client(scope: Scope) -> str:
    """The network of whoever asked through the gateway, which names it to us; `""` for another service."""
    return client_network(_header(scope, b"x-forwarded-for").decode("latin-1").partition(",")[0].strip())


def _path_of_client(scope: Scope) -> str:
    if scope["path"] == FORWARD_AUTH:
        return _header(scope, b"x-forwarded-uri").decode("latin-1")
    return str(scope["path"])


def _user(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Who called, for the access log of the gateway, which takes the header off (ADR 0010)."""
    user_id = _user_id(scope)
    return [(b"x-user-id", str(user_id).encode())] if user_id else []


def _user_id(scope: Scope) -> int | None:
    user_id: int | None = getattr(scope.get("state", {}).get("caller"), "user_id", None)
    return user_id


def _defaults(path: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What an answer says of itself unless its endpoint is stricter (decision 47)."""
    set_already = {name for name, _ in headers}
    defaults = [(b"referrer-policy", REFERRER_POLICY)]
    if path.startswith(NOT_STORED):
        defaults.append((b"cache-control", b"no-store"))
    return [(name, value) for name, value in defaults if name not in set_already]


def _kept(headers: list[tuple[bytes, bytes]], extra: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    names = {name for name, _ in extra}
    return [(name, value) for name, value in headers if name not in names or name == b"vary"]


async def _no_content(send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
