"""Cookies that no script reads, and that another host cannot set."""

from __future__ import annotations

from typing import Literal, TypedDict

from fastapi import Request

from notechondria_shared.auth.state import state_of
from notechondria_shared.core.forwarded import public_origin
from web_service.state import WebState

_HOST_PREFIX = "__Host-"
SameSite = Literal["lax", "strict"]


class CookieFlags(TypedDict):
    """Arguments of `set_cookie` and `delete_cookie`."""

    path: str
    httponly: bool
    samesite: SameSite
    secure: bool


def behind_tls(request: Request) -> bool:
    """Whether people reach this server over TLS."""
    public_url = state_of(request.app, WebState).settings.public_base_url
    return public_url.startswith("https://") or public_origin(request).startswith("https://")


def cookie_name(request: Request, name: str) -> str:
    """Behind TLS with the prefix that browsers take from this host over TLS only (RFC 6265bis, prefixes)."""
    return f"{_HOST_PREFIX}{name}" if behind_tls(request) else name


def cookie_flags(request: Request, *, samesite: SameSite = "lax", path: str = "/") -> CookieFlags:
    """Not for scripts, over TLS only where there is TLS; `__Host-` asks for the path `/`.

    `lax`: sent when a link of an app leads here, not with a form of another site.
    """
    secure = behind_tls(request)
    return {"path": "/" if secure else path, "httponly": True, "samesite": samesite, "secure": secure}
