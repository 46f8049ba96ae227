"""The planner service, wired."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

import planner_service.admin.routes
import planner_service.calendar_feeds.routes
import planner_service.calendar_links.routes
import planner_service.heatmap.routes
import planner_service.internal.routes
import planner_service.note_sessions.routes
import planner_service.planner_events.routes
import planner_service.week.routes
from notechondria_shared.auth.state import state_of
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings
from planner_service.handlers import SUBSCRIPTIONS
from planner_service.models import EVENTS, Base
from planner_service.settings import PlannerSettings
from planner_service.state import PlannerState


async def _install_metrics(app: FastAPI) -> None:
    from planner_service.service_metrics import install  # noqa: PLC0415 - only when metrics are on

    install(state_of(app, PlannerState))


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
        planner_service.admin.routes.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"planner": 1, "calendar_feeds": 1},
    subscriptions=lambda _: SUBSCRIPTIONS,
    state=PlannerState,
    measure=_install_metrics,
)


def create_app() -> FastAPI:
    """The application, configured by the environment; uvicorn's factory."""
    settings = load_settings(PlannerSettings)
    return configured_app(lambda: create_service_app(settings, SPEC), settings)
