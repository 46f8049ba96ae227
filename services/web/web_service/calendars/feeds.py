"""Calendars of others: added after a look at them, read again, removed."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.planner import FeedAddress, FeedLook, NewFeedForm, OwnFeed
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router
from web_service.account.pages import beside_form
from web_service.calendars.pages import CALENDARS, PAGES, beside_course, course_of
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import Person, PersonForm, SignedInPerson
from web_service.site.texts import text
from web_service.state import WebState

router = Router(prefix="/account/calendars/feeds", include_in_schema=False, route_class=PageRoute)


@router.get("/new/")
async def show_new(request: Request, person: SignedInPerson) -> Response:
    """The form for an address."""
    return _address_form(request, person, "")


def _address_form(request: Request, person: Person, address: str, refusal: ServiceRefused | None = None) -> Response:
    return PAGES.page(request, "new_feed.html", refusal=refusal, token=person.csrf, address=address)


@router.post("/new/")
async def look(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """What it would show, and the form that adds it."""
    address = fields.get("source_url", "").strip()
    try:
        seen = await state.planner.look_at_feed(FeedAddress(source_url=address), person.assertions["planner"])
    except ServiceRefused as refusal:
        return _address_form(request, person, address, beside_form(refusal))
    return await _look_page(request, state, person, seen, {"source_url": address, "title": seen.name[:120]})


async def _look_page(
    request: Request,
    state: WebState,
    person: Person,
    seen: FeedLook | None,
    typed: dict[str, str],
    refusal: ServiceRefused | None = None,
) -> Response:
    courses = (await state.planner.calendars(person.assertions["planner"])).courses
    return PAGES.page(
        request, "feed_look.html", refusal=refusal, token=person.csrf, seen=seen, typed=typed, courses=courses
    )


@router.post("/add/")
async def add(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """It is read from now on."""
    try:
        form = NewFeedForm(
            title=fields.get("title", ""),
            source_url=fields.get("source_url", ""),
            course_id=course_of(fields.get("course", "")),
        )
        await state.planner.make_feed(form, person.assertions["planner"])
    except ServiceRefused as refusal:
        return await _look_page(request, state, person, None, fields, beside_course(refusal))
    return redirect(CALENDARS, notice="feed_added", request=request)


async def _own(state: WebState, person: Person, feed_id: int) -> OwnFeed:
    for feed in (await state.planner.calendars(person.assertions["planner"])).feeds:
        if feed.id == feed_id:
            return feed
    raise NotFound(text("calendars", "no_feed"))


@router.post("/{feed_id:id}/read/")
async def read_now(request: Request, state: State, person: SignedInPerson, feed_id: int, _: PersonForm) -> Response:
    """Read it now; the list says how it went."""
    feed = await state.planner.read_feed(feed_id, person.assertions["planner"])
    return redirect(CALENDARS, notice="feed_read" if feed.health.ok else "feed_unread", request=request)


@router.get("/{feed_id:id}/remove/")
async def ask_remove(request: Request, state: State, person: SignedInPerson, feed_id: int) -> Response:
    """Whether it is to be read no more."""
    feed = await _own(state, person, feed_id)
    return PAGES.ask(request, "remove_feed", f"{CALENDARS}feeds/{feed_id}/remove/", CALENDARS, name=feed.title)


@router.post("/{feed_id:id}/remove/")
async def remove(request: Request, state: State, person: SignedInPerson, feed_id: int, _: PersonForm) -> Response:
    """It is not."""
    await state.planner.remove_feed(feed_id, person.assertions["planner"])
    return redirect(CALENDARS, notice="feed_removed", request=request)
