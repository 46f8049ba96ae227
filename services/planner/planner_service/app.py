"""The planner service, wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

import planner_service.admin.routes
import planner_service.calendar_feeds.routes
import planner_service.calendar_links.routes
import planner_service.heatmap.routes
import planner_service.internal.routes
import planner_service.note_sessions.routes
import planner_service.own_pages.routes
import planner_service.planner_events.routes
import planner_service.week.routes
from notechondria_shared.messaging.consumer import Subscription
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings
from planner_service.handlers import SUBSCRIPTIONS
from planner_service.models import EVENTS, Base
from planner_service.settings import PlannerSettings
from planner_service.state import PlannerState


@dataclass(kw_only=True)
class RunningPlanner(PlannerState):
    """The state with what is made of the features."""

    def subscriptions(self) -> Sequence[Subscription]:
        """What planner consumes."""
        return SUBSCRIPTIONS

    def measure(self) -> None:
        """Count fetches of calendars."""
        from planner_service.service_metrics import count_fetches  # noqa: PLC0415 - only when metrics are on

        count_fetches(self.refresher, self.settings.service)


SPEC = ServiceSpec(
    title="Notechondria planner",
    description="Planner events, calendar feeds, work sessions, week and heatmap.",
    routers=(
        planner_service.planner_events.routes.router,
        planner_service.calendar_feeds.routes.router,
        planner_service.calendar_links.routes.router,
        planner_service.calendar_links.routes.public,
        planner_service.note_sessions.routes.router,
        planner_service.week.routes.router,
        planner_service.heatmap.routes.router,
        planner_service.internal.routes.router,
        planner_service.own_pages.routes.router,
        planner_service.admin.routes.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"planner": 1, "calendar_feeds": 1},
    state=RunningPlanner,
)


def create_app(settings: PlannerSettings | None = None) -> FastAPI:
    """The application, configured by the environment where no settings are passed; uvicorn's factory."""
    settings = settings or load_settings(PlannerSettings)
    return configured_app(create_service_app, settings, SPEC)
