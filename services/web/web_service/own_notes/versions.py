"""The versions of a note: what differs, side by side, and bringing one back."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from notechondria_contracts.internal.own_notes import OwnNote, OwnVersion
from notechondria_shared.core.errors import NotFound
from web_service.dependencies import State
from web_service.own_notes.pages import NOTES, PAGES
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import Person, PersonForm, SignedInPerson
from web_service.site.texts import text
from web_service.state import WebState

router = APIRouter(prefix="/account/notes", include_in_schema=False, route_class=PageRoute)


async def _of_note(state: WebState, person: Person, note_id: int) -> tuple[OwnNote, list[OwnVersion]]:
    # The versions first: they are refused for a note that is not the person's own, the text of a public one is not.
    versions = await state.own_notes.versions(note_id, person.assertions["notes"])
    return await state.own_notes.note(note_id, person.assertions["notes"]), versions


def _one(versions: list[OwnVersion], version_id: int) -> OwnVersion:
    for version in versions:
        if version.id == version_id:
            return version
    raise NotFound(text("versions", "not_there"))


@router.get("/{note_id:id}/versions/")
async def show(request: Request, state: State, person: SignedInPerson, note_id: int) -> Response:
    """All of them, the newest first."""
    note, versions = await _of_note(state, person, note_id)
    return PAGES.page(request, "versions.html", note=note, versions=versions, reasons=text_of_reason)


def text_of_reason(reason: str) -> str:
    """Why a version was made, in words."""
    known = {"manual", "before_restore", "before_restore_mcp", "autosave_1m", "autosave_10m", "autosave_1h", "import"}
    return text("version_reasons", reason.lower()) if reason.lower() in known else reason


@router.get("/{note_id:id}/versions/{version_id:id}/")
async def difference(request: Request, state: State, person: SignedInPerson, note_id: int, version_id: int) -> Response:
    """A version beside the note as it is."""
    note, versions = await _of_note(state, person, note_id)
    version = _one(versions, version_id)
    rows, is_all = await state.comparisons.rows(
        f"{version.title}\n\n{version.content}", f"{note.title}\n\n{note.content}"
    )
    return PAGES.page(
        request, "difference.html", token=person.csrf, note=note, version=version, rows=rows, is_all=is_all
    )


@router.get("/{note_id:id}/versions/{version_id:id}/restore/")
async def ask_restore(
    request: Request, state: State, person: SignedInPerson, note_id: int, version_id: int
) -> Response:
    """Whether the note is to be as it was."""
    note, versions = await _of_note(state, person, note_id)
    version = _one(versions, version_id)
    back = f"{NOTES}{note_id}/versions/"
    return PAGES.ask(
        request, "restore_version", f"{back}{version_id}/restore/", back, name=note.title, label=version.label
    )


@router.post("/{note_id:id}/versions/{version_id:id}/restore/")
async def restore(
    request: Request, state: State, person: SignedInPerson, note_id: int, version_id: int, _: PersonForm
) -> Response:
    """It is as it was."""
    await state.own_notes.restore_version(note_id, version_id, person.assertions["notes"])
    return redirect(f"{NOTES}{note_id}/versions/", notice="version_restored", request=request)
