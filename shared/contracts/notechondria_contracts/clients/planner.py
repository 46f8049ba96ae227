"""The client of the planner service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.planner import OWN_PATH, FrontPageActivity, PlannerNameQuery, PlannerNames


class PlannerClient(ServiceClient):
    """What the planner knows of a user."""

    service = "planner"

    async def front_page(self, user_id: int) -> FrontPageActivity:
        """The planner's part of the front page."""
        return await self.call("GET", f"/internal/front-page/{user_id}", FrontPageActivity)

    async def names(self, query: PlannerNameQuery, assertion: str) -> PlannerNames:
        """What events and feeds of a person are called."""
        return await self.call("POST", f"{OWN_PATH}/names", PlannerNames, body=query, assertion=assertion)
