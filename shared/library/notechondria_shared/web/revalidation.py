"""Answers that a client may keep and ask about again: ETag, and 304 while nothing changed (RFC 9110 §8.8.3, §13.1.2).

The answer is made either way; what is saved is its way to the client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from fastapi import Depends, Request, Response


async def _revalidated() -> None:
    """Marks a route."""


REVALIDATED = Depends(_revalidated)
"""`dependencies=[REVALIDATED]`: the route's answers carry an ETag."""
KEPT = "private, no-cache"
"""A client may keep the answer for itself, and asks before it is used again."""


def is_revalidated(called: Collection[Any]) -> bool:
    """Whether a route whose dependencies call these is marked."""
    return _revalidated in called


def revalidate(request: Request, response: Response, *, stored: bool) -> Response:
    """The answer with its ETag, or 304 for a client that has it. `stored` False: no client is to keep it by itself."""
    if response.status_code != 200:
        return response
    # Weak: the gateway may compress what it passes on.
    tag = f'W/"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    headers = {"ETag": tag} | ({"Cache-Control": KEPT, "Vary": "Authorization"} if stored else {})
    if has_tag(request, tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def has_tag(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names the ETag, compared weakly."""
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return tag.removeprefix("W/") in known or known == {"*"}
