"""Counting and timing requests: the outermost layer of a service when metrics are on."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from notechondria_shared.observability.metric_definitions import DURATION, IN_FLIGHT, REQUESTS
from notechondria_shared.observability.route_template import UNSEEN, method_of, route_template


class RequestMetrics:
    """Pure ASGI, so that streams pass unbuffered."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app, self._service = app, service
        self._in_flight = IN_FLIGHT.labels(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; lifespan, websockets and the machines' own questions pass through."""
        if scope["type"] != "http" or scope["path"].startswith(UNSEEN):
            await self._app(scope, receive, send)
            return
        status = 499  # whoever asked has gone before there was an answer

        async def send_out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        self._in_flight.inc()
        try:
            await self._app(scope, receive, send_out)
        finally:
            self._in_flight.dec()
            method, route = method_of(scope), route_template(scope)
            DURATION.labels(self._service, method, route).observe(time.perf_counter() - began)
            REQUESTS.labels(self._service, method, route, str(status)).inc()
