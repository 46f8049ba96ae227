"""CORS as identity §15 has it: any OPTIONS is 204, headers for allowed origins on every answer."""

from __future__ import annotations

from starlette.types import Scope

from notechondria_shared.core.web_addresses import urlsplit

PREFIXES = ("/api/", "/media/")
OPEN = (
    "/.well-known/oauth-",
    "/.well-known/openid-configuration",
    "/oauth/token",
    "/oauth/register",
    "/oauth/revoke",
    "/oauth/jwks",
)
"""What programs in any page may ask: it looks at no cookie, and says nothing to whoever brings nothing."""
_HEADERS = (
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Accept, Origin, X-Requested-With"),
    (b"access-control-allow-methods", b"GET, POST, PATCH, PUT, DELETE, OPTIONS"),
    (b"vary", b"Origin"),
)

_OF_ANYBODY = (
    (b"access-control-allow-origin", b"*"),
    # Clients of MCP in a page send the headers that they were set up with here, too.
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, X-MCP-Toolsets, X-MCP-Readonly",
    ),
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (b"access-control-expose-headers", b"WWW-Authenticate"),
)


def origin_allowed(origin: str, hosts: frozenset[str]) -> bool:
    """True when the origin's host name, port and scheme ignored, is one of `hosts`."""
    try:
        name = urlsplit(origin).hostname
    except ValueError:
        return False
    return name is not None and name.lower() in hosts


def preflight_headers(scope: Scope, path: str, hosts: frozenset[str]) -> list[tuple[bytes, bytes]]:
    """What an answer to a preflight has beside `cors_headers`: a browser asks again after two hours (apps §1)."""
    return [(b"access-control-max-age", b"7200")] if cors_headers(scope, path, hosts) else []


def cors_headers(scope: Scope, path: str, hosts: frozenset[str]) -> list[tuple[bytes, bytes]]:
    """The CORS headers of an answer to this request for `path`: empty off the API and for origins not allowed."""
    if path.startswith(OPEN):
        return [*_OF_ANYBODY]
    if not path.startswith(PREFIXES):
        return []
    for name, value in scope["headers"]:
        if name == b"origin":
            origin = value.decode("latin-1")
            if origin_allowed(origin, hosts):
                return [(b"access-control-allow-origin", value), *_HEADERS]
            return []
    return []
