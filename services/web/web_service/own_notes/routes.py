"""Pages below `/account/notes/`."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response

from notechondria_shared.web.router import Router
from web_service.dependencies import State
from web_service.own_notes import moving, recycle_bin, versions
from web_service.own_notes.pages import NOTES, PAGES
from web_service.site.pages import PageRoute
from web_service.site.person import SignedInPerson
from web_service.site.typed import whole_number

router = Router(include_in_schema=False, route_class=PageRoute)
router.include_router(recycle_bin.router)
router.include_router(moving.router)
router.include_router(versions.router)
PAGE = 30
_LONGEST = 200


@router.get("/account/notes/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """Own notes, last edited first, and what there is to do with them."""
    sent = request.query_params
    looked_for, offset = sent.get("q", "").replace("\x00", "").strip()[:_LONGEST], whole_number(sent.get("offset", ""))
    page = await state.own_notes.notes(looked_for, offset, PAGE, person.assertions["notes"])
    more = {**({"q": looked_for} if looked_for else {}), "offset": offset + PAGE}
    older = f"{NOTES}?{urlencode(more)}" if page.has_more else ""
    return PAGES.page(request, "notes.html", page=page, looked_for=looked_for, older=older)
