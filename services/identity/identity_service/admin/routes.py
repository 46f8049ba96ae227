"""The administration site at `/admin/` (docs/admin.md): overview, lists, objects and what can be done to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cache
from importlib import resources
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from identity_service.admin import forms, queries, sign_in
from identity_service.admin.catalogue import SECTIONS
from identity_service.admin.entry import OwnForm, SignedIn
from identity_service.admin.pages import TEMPLATES, PageRoute, page, redirect, sentence
from identity_service.admin.record import record
from identity_service.admin.remote import AwayError
from identity_service.admin.sections import Action, Page, Row, Section
from notechondria_shared.core.errors import ApiError, NotFound
from notechondria_shared.db import Database
from notechondria_shared.db.listing import PageQuery
from notechondria_shared.web.page_query import number

router = APIRouter(prefix="/admin", include_in_schema=False, route_class=PageRoute)
PER_PAGE = 25
MOST_PAGES = 10_000
NO_PAGE = "There is no such page."
TEMPLATES.globals["sections"] = list(SECTIONS.values())


@cache
def _style() -> bytes:
    return resources.files(__package__).joinpath("style.css").read_bytes()


@router.get("/style.css")
async def style() -> Response:
    """The one style sheet."""
    return Response(_style(), media_type="text/css", headers={"Cache-Control": "public, max-age=300"})


@router.get("/")
async def home(request: Request, _: SignedIn) -> Response:
    """How many there are of each."""
    pages = await asyncio.gather(*(section.source.page(request, PageQuery(limit=1)) for section in SECTIONS.values()))
    return page(request, "home.html", counts=list(zip(SECTIONS.values(), pages, strict=True)), away=_away(pages))


router.include_router(sign_in.router)
router.include_router(forms.router)


@router.get("/{name}/")
async def show_list(request: Request, _: SignedIn, name: str) -> Response:
    """A page of a list: `q` is looked for, `user` is a name, address or id, `page` counts from 1."""
    section = _section(name)
    asked = request.query_params
    search, person = (asked.get(key, "").replace("\x00", "").strip()[:200] for key in ("q", "user"))
    place = max(1, number(asked.get("page", ""), 1, MOST_PAGES))
    user_id = await _user_id(request, person) if person and section.of_users else None
    wanted = PageQuery(search, user_id, PER_PAGE, (place - 1) * PER_PAGE)
    found = Page([], 0) if user_id == 0 else await section.source.page(request, wanted)
    return page(
        request,
        "list.html",
        active=name,
        section=section,
        rows=found.rows,
        names=await _names(request, found.rows),
        total=found.total,
        away=found.away,
        search=search,
        person=person,
        place=place,
        pages=max(1, -(-found.total // PER_PAGE)),
        problem=f"No account is called “{person}”." if user_id == 0 else "",
        notice=_done(section, asked.get("done", "")),
    )


@router.get("/{name}/{key}/")
async def show_one(request: Request, _: SignedIn, name: str, key: str) -> Response:
    """A row, with what can be done to it."""
    section = _section(name)
    return await _object(request, section, key, notice=_done(section, request.query_params.get("done", "")))


@router.get("/{name}/{key}/{verb}/")
async def ask(request: Request, _: SignedIn, name: str, key: str, verb: str) -> Response:
    """Is it really meant?"""
    section, action = _section(name), _action(_section(name), verb)
    try:
        row = await section.source.one(request, key)
    except AwayError as away:
        return await _object(request, section, key, problem=str(away))
    return page(
        request,
        "confirm.html",
        active=name,
        section=section,
        action=action,
        row=row,
        title=f"{action.label}: {section.called(row)}",
    )


@router.post("/{name}/{key}/{verb}/")
async def act(request: Request, staff: SignedIn, name: str, key: str, verb: str, _: OwnForm) -> Response:
    """Do it, and say so; a refusal is shown with the row."""
    section, action = _section(name), _action(_section(name), verb)
    about = f"{name}/{key}"
    try:
        await section.source.one(request, key)  # 404 for a made-up path, before anything is written into the log
        await action.run(request, staff, key)
    except AwayError as away:
        record(staff.id, verb, about, "service away")
        return await _object(request, section, key, problem=str(away))
    except ApiError as refusal:
        if refusal.status == 404:
            raise
        record(staff.id, verb, about, f"refused {refusal.status}")
        return await _object(request, section, key, problem=sentence(refusal), status=refusal.status)
    record(staff.id, verb, about)
    return redirect(f"/admin/{name}/" if action.gone else f"/admin/{name}/{key}/", done=verb)


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown(request: Request, _: SignedIn, path: str) -> Response:
    """Everything else; the slash at the end may be left out."""
    if request.method == "GET" and path.partition("/")[0] in SECTIONS and not path.endswith("/"):
        return redirect(f"/admin/{quote(path)}/")
    raise NotFound(NO_PAGE)


def _section(name: str) -> Section:
    if name not in SECTIONS:
        raise NotFound(NO_PAGE)
    return SECTIONS[name]


def _action(section: Section, verb: str) -> Action:
    for action in section.actions:
        if action.name == verb:
            return action
    raise NotFound(NO_PAGE)


def _done(section: Section, verb: str) -> str:
    """What is said after an action. The text is ours: nobody writes on the page by a link."""
    if verb == "create" and section.create:
        return "It is made."
    return next((action.done for action in section.actions if action.name == verb), "")


def _away(pages: Iterable[Page]) -> list[str]:
    return sorted({service for found in pages for service in found.away})


async def _object(
    request: Request, section: Section, key: str, *, notice: str = "", problem: str = "", status: int = 200
) -> Response:
    row: Row | None = None
    try:
        row = await section.source.one(request, key)
    except AwayError as away:
        problem = str(away)
    return page(
        request,
        "object.html",
        status=status,
        active=section.name,
        section=section,
        row=row,
        title=section.called(row) if row else section.noun.capitalize(),
        names=await _names(request, [row] if row else []),
        notice=notice,
        problem=problem,
    )


async def _user_id(request: Request, person: str) -> int:
    """The id of who is called so, 0 when nobody is."""
    database: Database = request.app.state.database
    return int(await database.reader.value(queries.ID_OF, name=person) or number(person, 0, 10**18))


async def _names(request: Request, rows: list[Row]) -> dict[int, str]:
    ids = sorted({row["user_id"] for row in rows if row.get("user_id") is not None})
    database: Database = request.app.state.database
    found = await database.reader.all(queries.NAMES, ids=ids) if ids else []
    return {row["id"]: row["username"] for row in found}
