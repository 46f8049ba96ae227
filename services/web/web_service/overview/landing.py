"""What a browser is shown at `/`: what this is, and where to go from here."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.web.router import Router
from web_service.dependencies import State
from web_service.overview.routes import PAGES
from web_service.site.pages import PageRoute
from web_service.site.person import MaybePerson

router = Router(include_in_schema=False, route_class=PageRoute)


@router.get("/")
async def landing(request: Request, state: State, _: MaybePerson) -> Response:
    """The gateway leads here who asks for a page first; everybody else gets identity's answer (decision 64)."""
    settings = state.settings
    is_address = urlsplit(settings.apps_url).scheme in {"http", "https"}
    return PAGES.page(
        request,
        "landing.html",
        headers={"Vary": "Accept"},
        apps_url=settings.apps_url if is_address else "",
        mcp=f"{settings.public_base_url.rstrip('/')}/mcp",
    )
