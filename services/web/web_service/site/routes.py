"""The style sheet of all pages for people, and their two scripts."""

from __future__ import annotations

from functools import cache
from importlib import resources

from fastapi import Response

from notechondria_shared.web.route import ReadRoute
from notechondria_shared.web.router import Router

router = Router(prefix="/account", include_in_schema=False, route_class=ReadRoute)


KEPT = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}


@cache
def _file(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()


@router.get("/style.css")
async def style() -> Response:
    """The one style sheet."""
    return Response(_file("style.css"), media_type="text/css", headers=KEPT)


@router.get("/passkey.js")
async def passkey() -> Response:
    """Passkeys are the browser's, and no form reaches them."""
    return Response(_file("passkey.js"), media_type="text/javascript", headers=KEPT)


@router.get("/zone.js")
async def zone() -> Response:
    """The time zone is the browser's; who switched scripts off chooses it in the profile."""
    return Response(_file("zone.js"), media_type="text/javascript", headers=KEPT)
