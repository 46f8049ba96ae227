"""Paths of the site, and where one may be led after signing in."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from fastapi import Request

HOME = "/account/"
SIGN_IN = "/account/sign-in/"
SECURITY = "/account/security/"
CONFIRM = "/account/confirm/"
AGENTS = "/account/agents/"
_OWN = re.compile(r"/(account|oauth)/[A-Za-z0-9/_.-]*(\?[!-~]*)?")
_LONGEST = 8192


def own_path(text: str) -> str:
    """The path if it is one of our own pages, else the first page: nobody is led elsewhere (RFC 9700 §4.11)."""
    path = text.partition("?")[0]
    safe = _OWN.fullmatch(text) and len(text) <= _LONGEST and "//" not in path and ".." not in path
    return text if safe else HOME


def asked_path(request: Request) -> str:
    """What a request asked for, with its query, to come back to it; the first page for anything but a GET."""
    if request.method != "GET":
        return HOME
    query = request.url.query
    return own_path(f"{request.url.path}?{query}" if query else request.url.path)


def with_next(path: str, target: str) -> str:
    """A path that leads on to `target` afterwards."""
    return path if target == HOME else f"{path}?{urlencode({'next': target})}"
