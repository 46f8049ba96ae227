"""Pages below `/account/calendars/`."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_shared.web.router import Router
from web_service.calendars import feeds, published
from web_service.calendars.pages import PAGES
from web_service.calendars.readers import reader_name
from web_service.dependencies import State
from web_service.site.pages import PageRoute
from web_service.site.person import SignedInPerson

router = Router(include_in_schema=False, route_class=PageRoute)
router.include_router(published.router)
router.include_router(feeds.router)


@router.get("/account/calendars/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """What is published, and what is read."""
    calendars = await state.planner.calendars(person.assertions["planner"])
    return PAGES.page(
        request,
        "calendars.html",
        token=person.csrf,
        links=[(link, reader_name(link.last_read_by)) for link in calendars.links],
        feeds=calendars.feeds,
    )


@router.get("/account/calendars/subscribing/")
async def subscribing(request: Request, _: SignedInPerson) -> Response:
    """How calendar programs subscribe to a published address."""
    return PAGES.page(request, "subscribing.html")
