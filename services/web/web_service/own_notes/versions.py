"""The versions of a note: what differs, side by side, and bringing one back."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_shared.web.router import Router
from web_service.dependencies import State
from web_service.own_notes.pages import NOTES, PAGES
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import PersonForm, SignedInPerson
from web_service.site.texts import text

router = Router(prefix="/account/notes", include_in_schema=False, route_class=PageRoute)


@router.get("/{note_id:id}/versions/")
async def show(request: Request, state: State, person: SignedInPerson, note_id: int) -> Response:
    """All of them, the newest first."""
    listed = await state.own_notes.versions(note_id, person.assertions["notes"])
    return PAGES.page(request, "versions.html", note_id=note_id, listed=listed, reasons=text_of_reason)


def text_of_reason(reason: str) -> str:
    """Why a version was made, in words."""
    known = {"manual", "before_restore", "before_restore_mcp", "autosave_1m", "autosave_10m", "autosave_1h", "import"}
    return text("version_reasons", reason.lower()) if reason.lower() in known else reason


@router.get("/{note_id:id}/versions/{version_id:id}/")
async def difference(request: Request, state: State, person: SignedInPerson, note_id: int, version_id: int) -> Response:
    """A version beside the note as it is."""
    both = await state.own_notes.comparison(note_id, version_id, person.assertions["notes"])
    rows, is_all = await state.comparisons.rows(
        f"{both.version.title}\n\n{both.version_content}", f"{both.title}\n\n{both.content}"
    )
    return PAGES.page(
        request,
        "difference.html",
        note_id=note_id,
        both=both,
        rows=rows,
        is_all=is_all and not both.is_cut,
    )


@router.get("/{note_id:id}/versions/{version_id:id}/restore/")
async def ask_restore(
    request: Request, state: State, person: SignedInPerson, note_id: int, version_id: int
) -> Response:
    """Whether the note is to be as it was."""
    both = await state.own_notes.comparison(note_id, version_id, person.assertions["notes"])
    back = f"{NOTES}{note_id}/versions/"
    action = f"{back}{version_id}/restore/"
    return PAGES.ask(request, "restore_version", action, back, name=both.title, label=both.version.label)


@router.post("/{note_id:id}/versions/{version_id:id}/restore/")
async def restore(
    request: Request, state: State, person: SignedInPerson, note_id: int, version_id: int, _: PersonForm
) -> Response:
    """It is as it was."""
    await state.own_notes.restore_version(note_id, version_id, person.assertions["notes"])
    return redirect(f"{NOTES}{note_id}/versions/", notice="version_restored", request=request)
