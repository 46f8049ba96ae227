"""The recycle bin: bringing back, and removing for good."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router
from web_service.dependencies import State
from web_service.own_notes.pages import BIN, PAGES
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import PersonForm, SignedInPerson
from web_service.site.texts import text
from web_service.site.typed import whole_number

router = Router(prefix="/account/notes/bin", include_in_schema=False, route_class=PageRoute)
PAGE = 50


@router.get("/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """A page of what is in it."""
    offset = whole_number(request.query_params.get("offset", ""))
    page = await state.own_notes.bin(offset, person.assertions["notes"])
    older = f"{BIN}?offset={offset + PAGE}" if page.more else ""
    return PAGES.page(request, "bin.html", token=person.csrf, page=page, older=older)


@router.post("/{note_id:id}/restore/")
async def restore(request: Request, state: State, person: SignedInPerson, note_id: int, _: PersonForm) -> Response:
    """Back to the notes."""
    await state.own_notes.restore(note_id, person.assertions["notes"])
    return redirect(BIN, notice="note_restored", request=request)


@router.get("/{note_id:id}/purge/")
async def ask_purge(request: Request, state: State, person: SignedInPerson, note_id: int) -> Response:
    """Whether it is to go for good."""
    assertion = person.assertions["notes"]
    binned = (await state.own_notes.binned(note_id, assertion)).notes if note_id else []
    if not binned:
        raise NotFound(text("bin", "not_there"))
    return PAGES.ask(request, "purge_note", f"{BIN}{note_id}/purge/", BIN, name=binned[0].title)


@router.post("/{note_id:id}/purge/")
async def purge(request: Request, state: State, person: SignedInPerson, note_id: int, _: PersonForm) -> Response:
    """Gone for good."""
    await state.own_notes.purge(note_id, person.assertions["notes"])
    return redirect(BIN, notice="note_purged", request=request)


@router.get("/empty/")
async def ask_empty(request: Request, state: State, person: SignedInPerson) -> Response:
    """Whether all of it is to go for good."""
    page = await state.own_notes.bin(0, person.assertions["notes"])
    return PAGES.ask(request, "empty_bin", f"{BIN}empty/", BIN, number=str(page.total))


@router.post("/empty/")
async def empty(request: Request, state: State, person: SignedInPerson, _: PersonForm) -> Response:
    """All of it is gone for good."""
    await state.own_notes.empty_bin(person.assertions["notes"])
    return redirect(BIN, notice="bin_emptied", request=request)
