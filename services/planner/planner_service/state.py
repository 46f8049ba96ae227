"""The parts of the running planner service."""

from __future__ import annotations

from dataclasses import dataclass, field

from notechondria_shared.web.state import ServiceState
from planner_service.calendar_sources.addresses import Addresses
from planner_service.calendar_sources.refresher import Refresher
from planner_service.settings import PlannerSettings


@dataclass(kw_only=True)
class PlannerState(ServiceState[PlannerSettings]):
    """What planner has beside what every service has."""

    refresher: Refresher = field(init=False)
    """Reads calendar sources."""

    addresses: Addresses = field(init=False)
    """Keeps credentials apart from the addresses of calendars."""

    async def start(self) -> None:
        """Begin to read calendars that are due."""
        self.addresses = Addresses(self.keys)
        self.refresher = Refresher(self.database, self.settings, self.addresses)
        self.refresher.start()

    async def stop(self) -> None:
        """Give up what is being read."""
        await self.refresher.stop()
