"""The administration site at `/admin/` (docs/admin.md): overview, lists, objects and what can be done to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import cache
from importlib import resources
from urllib.parse import quote

from fastapi import Request, Response

from notechondria_contracts.admin import AdminAction, AdminQuery
from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable, StaffPasswordNeeded
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router
from web_service.admin import rows
from web_service.admin.catalogue import Section
from web_service.admin.entry import OwnForm, SignedIn, StaffMember
from web_service.admin.forms import chosen, filled, form_page
from web_service.admin.pages import PageRoute, page, redirect
from web_service.admin.password import confirm, password_page
from web_service.admin.record import recorded
from web_service.admin.rows import NO_PAGE, ListPage, Shown
from web_service.dependencies import State
from web_service.site.refusals import sentence
from web_service.state import WebState
from web_service.status.service import system_status

router = Router(prefix="/admin", include_in_schema=False, route_class=PageRoute)
PER_PAGE = 25
MOST_PAGES = 10_000
MADE = "It is made."


@cache
def _style() -> bytes:
    return resources.files(__package__).joinpath("style.css").read_bytes()


@router.get("/style.css")
async def style() -> Response:
    """The one style sheet."""
    return Response(_style(), media_type="text/css", headers={"Cache-Control": "public, max-age=300"})


@router.get("/")
async def home(request: Request, state: State, _: SignedIn) -> Response:
    """How many there are of each, and how the system is."""
    sections = state.catalogue.sections.values()
    pages = await asyncio.gather(*(rows.page(state.clients, section, AdminQuery(limit=1)) for section in sections))
    counts = list(zip((section.resource for section in sections), pages, strict=True))
    system = await system_status(state)
    return page(request, "home.html", counts=counts, away=_away(pages, state.catalogue.missing), system=system)


@router.get("/{name}/")
async def show_list(request: Request, state: State, _: SignedIn, name: str) -> Response:
    """A page of a list: `q` is looked for, `user` is an id, an address or a user name, `page` counts from 1."""
    section = _section(state, name)
    asked = request.query_params
    search, person = (asked.get(key, "").replace("\x00", "").strip()[:200] for key in ("q", "user"))
    page_number = _page_number(asked.get("page", ""))
    unknown, user_id = False, None
    if person and section.resource.of_users:
        user_id = await state.identity.find_account(person)
        unknown = user_id is None
    query = AdminQuery(search=search, user_id=user_id, limit=PER_PAGE, offset=(page_number - 1) * PER_PAGE)
    listed = ListPage([], 0) if unknown else await rows.page(state.clients, section, query)
    return page(
        request,
        "list.html",
        active=name,
        section=section.resource,
        rows=listed.rows,
        names=await _names(state, listed.rows),
        total=listed.total,
        away=listed.away,
        search=search,
        person=person,
        page_number=page_number,
        pages=max(1, -(-listed.total // PER_PAGE)),
        problem=f"No account is called “{person}”." if unknown else "",
        notice=_done(section, asked.get("done", "")),
    )


@router.get("/{name}/new/")
async def ask_for_new(request: Request, state: State, _: SignedIn, name: str) -> Response:
    """The form for a new row."""
    resource = _section(state, name).resource
    if resource.create is None:
        raise NotFound(NO_PAGE)
    return form_page(request, resource, resource.create.form, None)


@router.post("/{name}/new/")
async def create(request: Request, state: State, staff: SignedIn, name: str, fields: OwnForm) -> Response:
    """Make a row; a refusal of what was typed shows the form again."""
    section = _section(state, name)
    resource = section.resource
    if resource.create is None:
        raise NotFound(NO_PAGE)
    form, client = resource.create.form, state.clients[section.services[0]]
    try:
        async with recorded(state.identity, "create", f"{name}/new", staff.assertions["identity"]) as claim:
            made = await client.admin_create(name, filled(form, fields), staff.assertions[client.service])
            claim.about = f"{name}/{made.id}"
    except ServiceRefused as refusal:
        if refusal.status != 400:
            raise
        return form_page(request, resource, form, None, fields=fields, refusal=refusal)
    return redirect(f"/admin/{name}/{made.id}/", done="create")


@router.get("/{name}/{key}/")
async def show_one(request: Request, state: State, _: SignedIn, name: str, key: str) -> Response:
    """A row, with what can be done to it."""
    section = _section(state, name)
    return await _object(request, state, section, key, notice=_done(section, request.query_params.get("done", "")))


@router.get("/{name}/{key}/{verb}/")
async def ask(request: Request, state: State, _: SignedIn, name: str, key: str, verb: str) -> Response:
    """Is it really meant? Or what is asked for."""
    section = _section(state, name)
    resource, action = section.resource, _action(section, verb)
    try:
        shown = await rows.one(state.clients, section, key)
    except ServiceUnavailable as away:
        return await _object(request, state, section, key, problem=str(away))
    if action.form:
        return form_page(request, resource, action.form, shown)
    title = f"{action.label}: {shown.row.label}"
    return page(request, "confirm.html", active=name, section=resource, action=action, shown=shown, title=title)


@router.post("/{name}/{key}/{verb}/")
async def act(
    request: Request, state: State, staff: SignedIn, name: str, key: str, verb: str, fields: OwnForm
) -> Response:
    """Do it, and say so; a refusal is shown with the row, or with the form."""
    section = _section(state, name)
    action = _action(section, verb)
    address = rows.address_of(state.clients, section, key)
    refused = await confirm(request, state, staff, fields)
    if refused is not None:
        return await _ask_password(request, state, section, key, action, fields, refused)
    try:
        try:
            # 404 for a made-up path, before anything is written down.
            shown = await rows.one(state.clients, section, key)
        except ServiceUnavailable:
            async with recorded(state.identity, verb, f"{name}/{key}", staff.assertions["identity"]):
                raise
        if action.form:
            return await _submit(request, state, staff, section, action, shown, fields)
        assertion = staff.assertions[address.client.service]
        async with recorded(state.identity, verb, f"{name}/{key}", staff.assertions["identity"]):
            await address.client.admin_act(name, address.row_id, verb, {}, assertion, session_id=staff.session_id)
    except ServiceUnavailable as away:
        return await _object(request, state, section, key, problem=str(away))
    except StaffPasswordNeeded:
        return await _ask_password(request, state, section, key, action, fields)
    except ServiceRefused as refusal:
        if refusal.status == 404 or action.form:
            raise
        return await _object(request, state, section, key, problem=sentence(refusal.body), status=refusal.status)
    return redirect(f"/admin/{name}/" if action.gone else f"/admin/{name}/{key}/", done=verb)


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown(request: Request, state: State, _: SignedIn, path: str) -> Response:
    """Everything else; the slash at the end may be left out."""
    if request.method == "GET" and path.partition("/")[0] in state.catalogue.sections and not path.endswith("/"):
        return redirect(f"/admin/{quote(path)}/")
    raise NotFound(NO_PAGE)


async def _ask_password(
    request: Request,
    state: WebState,
    section: Section,
    key: str,
    action: AdminAction,
    fields: dict[str, str],
    refusal: ServiceRefused | None = None,
) -> Response:
    shown = await rows.one(state.clients, section, key)
    return password_page(request, section.resource, action, shown, fields, refusal)


async def _submit(
    request: Request,
    state: WebState,
    staff: StaffMember,
    section: Section,
    action: AdminAction,
    shown: Shown,
    fields: dict[str, str],
) -> Response:
    """Do what asks for fields. The form is shown again, with what it left to be shown once or why it was refused."""
    resource, form = section.resource, action.form
    if form is None:
        raise NotFound(NO_PAGE)
    address = rows.address_of(state.clients, section, shown.key)
    verb = action.name + chosen(form, fields)
    try:
        async with recorded(state.identity, verb, f"{resource.name}/{shown.key}", staff.assertions["identity"]):
            outcome = await address.client.admin_act(
                resource.name,
                address.row_id,
                action.name,
                filled(form, fields),
                staff.assertions[address.client.service],
                session_id=staff.session_id,
            )
    except ServiceRefused as refusal:
        if refusal.status != 400:
            raise
        return form_page(request, resource, form, shown, fields=fields, refusal=refusal)
    if outcome.secret is None:
        return redirect(f"/admin/{resource.name}/{shown.key}/", done=action.name)
    return form_page(request, resource, form, shown, fields=fields, secret=outcome.secret)


def _section(state: WebState, name: str) -> Section:
    section = state.catalogue.sections.get(name)
    if section is not None:
        return section
    if state.catalogue.missing:  # it may be a list of a service that has not described itself yet
        raise ServiceUnavailable(state.catalogue.missing[0])
    raise NotFound(NO_PAGE)


def _action(section: Section, verb: str) -> AdminAction:
    for action in section.resource.actions:
        if action.name == verb:
            return action
    raise NotFound(NO_PAGE)


def _page_number(text: str) -> int:
    return min(max(1, int(text)), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 18 else 1


def _done(section: Section, verb: str) -> str:
    """What is said after an action. The text is a service's: nobody writes on the page by a link."""
    if verb == "create" and section.resource.create:
        return MADE
    return next((action.done for action in section.resource.actions if action.name == verb), "")


def _away(pages: Iterable[ListPage], missing: Iterable[str]) -> list[str]:
    return sorted({service for one in pages for service in one.away} | set(missing))


def _links(state: WebState, section: Section, shown: Shown) -> list[tuple[str, str]]:
    """Further pages about a row: forms, and for an account the lists of what belongs to it."""
    own = f"/admin/{section.resource.name}/{shown.key}/"
    links = [
        (action.label, f"{own}{action.name}/")
        for action in section.resource.actions
        if action.form and action.name in shown.row.offered
    ]
    if section.resource.accounts:
        owned = (other.resource for other in state.catalogue.sections.values() if other.resource.of_users)
        links += [(resource.title, f"/admin/{resource.name}/?user={shown.key}") for resource in owned]
    return links


async def _object(
    request: Request,
    state: WebState,
    section: Section,
    key: str,
    *,
    notice: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    resource = section.resource
    shown: Shown | None = None
    try:
        shown = await rows.one(state.clients, section, key)
    except ServiceUnavailable as away:
        problem = str(away)
    offered = shown.row.offered if shown else []
    return page(
        request,
        "object.html",
        status=status,
        active=resource.name,
        section=resource,
        shown=shown,
        actions=[action for action in resource.actions if action.name in offered and not action.form],
        links=_links(state, section, shown) if shown else [],
        title=shown.row.label if shown else resource.noun.capitalize(),
        names=await _names(state, [shown] if shown else []),
        notice=notice,
        problem=problem,
    )


async def _names(state: WebState, shown_rows: list[Shown]) -> dict[int, str]:
    return await state.identity.account_names(one.row.user_id for one in shown_rows if one.row.user_id is not None)
