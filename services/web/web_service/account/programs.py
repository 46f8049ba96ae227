"""Where the programs of a person were listed before they stood with the keys: the address stays good."""

from __future__ import annotations

from fastapi import Response

from notechondria_shared.web.router import Router
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import AGENTS
from web_service.site.person import SignedInPerson

router = Router(prefix="/account", include_in_schema=False, route_class=PageRoute)


@router.get("/programs/")
async def show(_: SignedInPerson) -> Response:
    """To the list of keys and programs."""
    return redirect(AGENTS)
