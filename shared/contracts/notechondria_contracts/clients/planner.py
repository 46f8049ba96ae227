"""The client of the planner service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ACT, ServiceClient
from notechondria_contracts.internal.planner import (
    OWN_PATH,
    FeedAddress,
    FeedLook,
    FrontPageActivity,
    LinkMade,
    NewFeedForm,
    NewLinkForm,
    OwnCalendars,
    OwnFeed,
    PlannerNameQuery,
    PlannerNames,
    PlannerOverview,
)

LINKS = "/api/v1/calendar-links/"
FEEDS = "/api/v1/calendar-feeds/"


class PlannerClient(ServiceClient):
    """What the planner knows of a user; with an assertion, in the name of who is signed in."""

    service = "planner"

    async def front_page(self, user_id: int) -> FrontPageActivity:
        """The planner's part of the front page."""
        return await self.call("GET", f"/internal/front-page/{user_id}", FrontPageActivity)

    async def names(self, query: PlannerNameQuery, assertion: str) -> PlannerNames:
        """What events and feeds of a person are called."""
        return await self.call("POST", f"{OWN_PATH}/names", PlannerNames, body=query, assertion=assertion)

    async def overview(self, assertion: str) -> PlannerOverview:
        """The past year, what comes next, and what cannot be read."""
        return await self.call("GET", f"{OWN_PATH}/overview", PlannerOverview, assertion=assertion)

    async def calendars(self, assertion: str) -> OwnCalendars:
        """What the person publishes and reads."""
        return await self.call("GET", f"{OWN_PATH}/calendars", OwnCalendars, assertion=assertion)

    async def make_link(self, form: NewLinkForm, assertion: str) -> LinkMade:
        """A new address; refused with 400 by field."""
        return await self.call("POST", LINKS, LinkMade, body=form, assertion=assertion)

    async def regenerate_link(self, link_id: int, assertion: str) -> LinkMade:
        """A new address for a link; refused with 404 when it is not the person's."""
        return await self.call("POST", f"{LINKS}{link_id}/regenerate/", LinkMade, assertion=assertion)

    async def revoke_link(self, link_id: int, assertion: str) -> None:
        """End a link; refused with 404 when it is not the person's."""
        await self.send("DELETE", f"{LINKS}{link_id}/", assertion=assertion)

    async def look_at_feed(self, form: FeedAddress, assertion: str) -> FeedLook:
        """What a feed of an address would show; refused with 400 by field."""
        return await self.call("POST", f"{FEEDS}preview/", FeedLook, body=form, assertion=assertion, timeout=ACT)

    async def make_feed(self, form: NewFeedForm, assertion: str) -> OwnFeed:
        """A new feed, read once; refused with 400 by field."""
        return await self.call("POST", FEEDS, OwnFeed, body=form, assertion=assertion, timeout=ACT)

    async def read_feed(self, feed_id: int, assertion: str) -> OwnFeed:
        """Read a feed now; refused with 404 when it is not the person's."""
        return await self.call("POST", f"{FEEDS}{feed_id}/refresh/", OwnFeed, assertion=assertion, timeout=ACT)

    async def remove_feed(self, feed_id: int, assertion: str) -> None:
        """Remove a feed; refused with 404 when it is not the person's."""
        await self.send("DELETE", f"{FEEDS}{feed_id}/", assertion=assertion)
