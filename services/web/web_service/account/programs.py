"""The programs that may act for a person: the list, and their end."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from notechondria_contracts.clients.base import ServiceUnavailable
from notechondria_contracts.scopes import IN_WORDS
from web_service.account.pages import PAGES, visitor
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import PersonForm, SignedInPerson

router = APIRouter(include_in_schema=False, route_class=PageRoute)
PROGRAMS = "/account/programs/"


@router.get("/programs/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """All of them, the one used last first."""
    programs = await state.authorization.programs(person.assertion)
    try:
        made = (await state.mcp.call_counts(person.assertions["mcp"])).counts
        calls = {one.id: sum(made.get(grant, 0) for grant in one.connection_ids) for one in programs}
    except ServiceUnavailable:
        calls = {}  # the list, and the way to end what is on it, do not depend on mcp
    return PAGES.page(request, "programs.html", programs=programs, words=IN_WORDS, calls=calls)


@router.post("/programs/{program_id:id}/disconnect/")
async def disconnect(
    request: Request, state: State, person: SignedInPerson, program_id: int, _: PersonForm
) -> Response:
    """End what one of them may do, at once."""
    await state.authorization.disconnect(program_id, visitor(request), person.assertion)
    return redirect(PROGRAMS, notice="disconnected", request=request)
