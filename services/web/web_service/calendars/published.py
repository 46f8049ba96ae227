"""Addresses under which a person's own plans are published as a calendar."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.planner import LinkMade, NewLinkForm, OwnLink
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router
from web_service.calendars.pages import CALENDARS, PAGES, beside_course, course_of, minutes_of, qr
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import Person, PersonForm, SignedInPerson
from web_service.site.texts import text
from web_service.state import WebState

router = Router(prefix="/account/calendars/links", include_in_schema=False, route_class=PageRoute)
KINDS = ("events", "sessions", "deadlines")
ALARMS = (0, 10, 30, 60, 1440)
"""Minutes before something begins."""


@router.get("/new/")
async def show_new(request: Request, state: State, person: SignedInPerson) -> Response:
    """The form, with everything chosen."""
    return await _form(request, state, person, dict.fromkeys(KINDS, "yes"))


async def _form(
    request: Request, state: WebState, person: Person, typed: dict[str, str], refusal: ServiceRefused | None = None
) -> Response:
    courses = (await state.planner.calendars(person.assertions["planner"])).courses
    return PAGES.page(
        request,
        "new_link.html",
        refusal=refusal,
        token=person.csrf,
        typed=typed,
        kinds=KINDS,
        alarms=ALARMS,
        courses=courses,
    )


@router.post("/new/")
async def make(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """The address, shown this once."""
    try:
        form = NewLinkForm(
            name=fields.get("name", ""),
            **{f"include_{kind}": kind in fields for kind in KINDS},
            course_id=course_of(fields.get("course", "")),
            alarm_minutes=minutes_of(fields.get("alarm", ""), ALARMS),
        )
        made = await state.planner.make_link(form, person.assertions["planner"])
    except ServiceRefused as refusal:
        return await _form(request, state, person, fields, beside_course(refusal))
    return _made(request, made)


def _made(request: Request, made: LinkMade) -> Response:
    return PAGES.page(
        request, "link_made.html", made=made, picture=qr(made.url), webcal=f"webcal://{made.url.partition('://')[2]}"
    )


async def _own(state: WebState, person: Person, link_id: int) -> OwnLink:
    for link in (await state.planner.calendars(person.assertions["planner"])).links:
        if link.id == link_id:
            return link
    raise NotFound(text("calendars", "no_link"))


@router.get("/{link_id:id}/regenerate/")
async def ask_regenerate(request: Request, state: State, person: SignedInPerson, link_id: int) -> Response:
    """Whether the address is to be another one."""
    link = await _own(state, person, link_id)
    action = f"{CALENDARS}links/{link_id}/regenerate/"
    return PAGES.ask(request, "regenerate_link", action, CALENDARS, name=link.name)


@router.post("/{link_id:id}/regenerate/")
async def regenerate(request: Request, state: State, person: SignedInPerson, link_id: int, _: PersonForm) -> Response:
    """The new address, shown this once."""
    return _made(request, await state.planner.regenerate_link(link_id, person.assertions["planner"]))


@router.get("/{link_id:id}/remove/")
async def ask_remove(request: Request, state: State, person: SignedInPerson, link_id: int) -> Response:
    """Whether it is to be published no more."""
    link = await _own(state, person, link_id)
    return PAGES.ask(request, "remove_link", f"{CALENDARS}links/{link_id}/remove/", CALENDARS, name=link.name)


@router.post("/{link_id:id}/remove/")
async def remove(request: Request, state: State, person: SignedInPerson, link_id: int, _: PersonForm) -> Response:
    """It is not."""
    await state.planner.revoke_link(link_id, person.assertions["planner"])
    return redirect(CALENDARS, notice="link_removed", request=request)
