"""Paths of the site, and where one may be led after signing in."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from fastapi import Request

from notechondria_shared.web.paths import matching_routes

HOME = "/account/"
SIGN_IN = "/account/sign-in/"
SECURITY = "/account/security/"
CONFIRM = "/account/confirm/"
AGENTS = "/account/agents/"
ANY_PATH = "{path:path}"
"""In the path of the route of what has no page."""
READS = ["GET", "HEAD"]
"""Methods that change nothing."""
_OWN = re.compile(r"/(account|oauth)/[A-Za-z0-9/_.-]*(\?[!-~]*)?")
_LONGEST = 8192


def own_path(text: str) -> str:
    """The path if it is one of our own pages, else the first page: nobody is led elsewhere (RFC 9700 §4.11)."""
    path = text.partition("?")[0]
    safe = _OWN.fullmatch(text) and len(text) <= _LONGEST and "//" not in path and ".." not in path
    return text if safe else HOME


def asked_path(request: Request) -> str:
    """What a request asked for, with its query, to come back to it; for a form the page that is nearest to it."""
    path = request.url.path
    near = path if request.method in READS else nearest_page(request, path)
    query = request.url.query if near == path else ""
    asked = own_path(f"{near}?{query}" if query else near)
    return HOME if asked == SIGN_IN else asked


def nearest_page(request: Request, path: str) -> str:
    """A path, or the first one above it, at which there is a page: some only take forms."""
    while path.startswith(HOME) and path != HOME and not answers(request, path, "GET"):
        path = path.rstrip("/").rpartition("/")[0] + "/"
    return path


def answers(request: Request, path: str, method: str) -> bool:
    """Whether something is answered at a path of ours, but for that there is no such page."""
    routes = (route for route in matching_routes(request, path) if ANY_PATH not in (route.path or ""))
    return any(method in (route.methods or ()) for route in routes)


def with_next(path: str, target: str) -> str:
    """A path that leads on to `target` afterwards."""
    return path if target == HOME else f"{path}?{urlencode({'next': target})}"
