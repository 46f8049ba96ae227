"""Where a request comes from, as the gateway passes it on."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

IPV6_PREFIX = 64
"""Bits of an IPv6 address that name a customer's network: whoever has one has 2^64 addresses in it."""

NETWORKS_KEPT = 4096
"""Addresses whose network is remembered: taking one apart is a tenth of what a small answer costs."""


def client_address(request: Request) -> str:
    """The first hop of X-Forwarded-For, else the peer; empty when neither is known."""
    hop = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return hop or (request.client.host if request.client else "")


@lru_cache(maxsize=NETWORKS_KEPT)
def client_network(address: str) -> str:
    """What counts as one client: the address for IPv4, its /64 for IPv6; anything else as it is."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed), IPV6_PREFIX), strict=False))


def public_origin(request: Request) -> str:
    """`<scheme>://<host>` from X-Forwarded-Proto / X-Forwarded-Host, else from the request."""
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", request.scope["scheme"]).split(",")[0].strip()
    host = headers.get("x-forwarded-host", "").split(",")[0].strip() or headers.get("host", "localhost")
    return f"{scheme}://{host}"
