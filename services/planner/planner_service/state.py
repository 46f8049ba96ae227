"""The parts of the running planner service."""

from __future__ import annotations

from dataclasses import dataclass, field

from notechondria_shared.web.state import ServiceState
from planner_service.calendar_sources.refresher import Refresher
from planner_service.settings import PlannerSettings


@dataclass(kw_only=True)
class PlannerState(ServiceState[PlannerSettings]):
    """What planner has beside what every service has."""

    refresher: Refresher = field(init=False)
    """Reads calendar sources."""

    async def start(self) -> None:
        """Begin to read calendars that are due."""
        self.refresher = Refresher(self.database, self.settings)
        self.refresher.start()

    async def stop(self) -> None:
        """Give up what is being read."""
        await self.refresher.stop()
