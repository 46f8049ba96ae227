"""Export and import: archives out, and files in, with what came of each."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_shared.web.router import Router
from web_service.account.pages import beside_form
from web_service.dependencies import State
from web_service.own_notes.pages import IMPORT, PAGES
from web_service.site.pages import HEADERS, PageRoute, redirect
from web_service.site.person import Person, SignedInPerson
from web_service.site.typed import whole_number
from web_service.site.uploads import uploaded
from web_service.state import WebState

router = Router(prefix="/account/notes", include_in_schema=False, route_class=PageRoute)
FORMS = ("ours", "obsidian", "jex")
REFRESH_SECONDS = 2
_NAMED = ("content-disposition", "content-type")
MOST_SHOWN = 2000
"""Files of an import that its page names; those that were not taken come first."""
_ORDER = {"error": 0, "notice": 1, "updated": 2, "created": 3, "unchanged": 4}
_BESIDE = (400, 503)


@router.get("/export/")
async def show_export(request: Request, state: State, person: SignedInPerson) -> Response:
    """In which form, and of what."""
    courses = (await state.planner.calendars(person.assertions["planner"])).courses
    return PAGES.page(request, "export.html", forms=FORMS, courses=courses)


@router.get("/export/file/")
async def export(request: Request, state: State, person: SignedInPerson) -> Response:
    """The archive."""
    form = next((one for one in FORMS if one == request.query_params.get("format")), FORMS[0])
    course_id = whole_number(request.query_params.get("course", ""))
    archive = await state.own_notes.export(form, course_id, person.assertions["notes"])
    named = {name: archive.headers[name] for name in _NAMED if name in archive.headers}
    return StreamingResponse(archive.pieces(), headers={**HEADERS, **named})


@router.get("/import/")
async def show_import(request: Request, state: State, person: SignedInPerson) -> Response:
    """The form."""
    return _form(request, state, person)


def _form(request: Request, state: WebState, person: Person, refusal: ServiceRefused | None = None) -> Response:
    return PAGES.page(request, "import.html", refusal=refusal, token=person.csrf, mib=state.settings.import_max_mib)


@router.post("/import/")
async def begin_import(request: Request, state: State, person: SignedInPerson) -> Response:
    """Hand the files over, and show how far it is."""
    settings = state.settings
    limits = {"mib": settings.import_max_mib, "max_files": settings.import_max_files}
    try:
        async with uploaded(request, state, person, **limits) as form:
            files = [
                (file.filename, file.file, file.content_type or "application/octet-stream")
                for file in form.uploads
                if file.filename
            ]
            job = await state.own_notes.begin_import(
                files, person.assertions["notes"], dry_run="dry_run" in form.fields
            )
    except ServiceRefused as refusal:
        return _form(request, state, person, refusal if refusal.status in _BESIDE else beside_form(refusal))
    return redirect(f"{IMPORT}{job.id}/")


@router.get("/import/{job_id:id}/")
async def import_progress(request: Request, state: State, person: SignedInPerson, job_id: int) -> Response:
    """How far it is; the page loads itself again until it is done, and then names each file."""
    job = await state.own_notes.import_progress(job_id, person.assertions["notes"])
    files = sorted(job.result.files, key=lambda file: _ORDER[file.outcome]) if job.result else []
    left_out = len(files[MOST_SHOWN:]) + (job.result.files_not_listed if job.result else 0)
    return PAGES.page(
        request,
        "import_progress.html",
        job=job,
        files=files[:MOST_SHOWN],
        left_out=left_out,
        refresh=REFRESH_SECONDS if job.state == "running" else 0,
    )
