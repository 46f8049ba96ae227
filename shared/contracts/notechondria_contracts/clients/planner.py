"""The client of the planner service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.planner import FrontPageActivity


class PlannerClient(ServiceClient):
    """What the planner knows of a user."""

    service = "planner"

    async def front_page(self, user_id: int) -> FrontPageActivity:
        """The planner's part of the front page."""
        return await self.call("GET", f"/internal/front-page/{user_id}", FrontPageActivity)
