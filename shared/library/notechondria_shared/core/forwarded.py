"""Where a request comes from, as the gateway passes it on."""

from __future__ import annotations

from starlette.requests import Request


def client_address(request: Request) -> str:
    """The first hop of X-Forwarded-For, else the peer; empty when neither is known."""
    hop = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return hop or (request.client.host if request.client else "")


def public_origin(request: Request) -> str:
    """`<scheme>://<host>` from X-Forwarded-Proto / X-Forwarded-Host, else from the request."""
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", request.url.scheme).split(",")[0].strip()
    host = headers.get("x-forwarded-host", "").split(",")[0].strip() or headers.get("host", "localhost")
    return f"{scheme}://{host}"
