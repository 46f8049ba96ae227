"""The web service, wired: what a browser is shown. It owns no schema and no rule, and acts through the others' APIs."""

from __future__ import annotations

from fastapi import FastAPI

import web_service.account.routes
import web_service.admin.routes
import web_service.admin.sign_in
import web_service.agents.routes
import web_service.calendars.routes
import web_service.documentation.routes
import web_service.oauth.routes
import web_service.overview.landing
import web_service.overview.routes
import web_service.own_notes.routes
import web_service.profile.providers
import web_service.profile.routes
import web_service.site.routes
import web_service.status.routes
from notechondria_shared.service.runner import configured_app, load_settings
from notechondria_shared.service.stateless import StatelessSpec, create_stateless_app
from web_service.settings import WebSettings
from web_service.state import WebState

SPEC = StatelessSpec(
    title="Notechondria web",
    description="Sign-in and account pages, the administration site, documentation of the API, status of the services.",
    routers=(
        web_service.documentation.routes.router,
        web_service.status.routes.router,
        web_service.admin.sign_in.router,
        web_service.admin.routes.router,
        web_service.site.routes.router,
        web_service.agents.routes.router,
        web_service.calendars.routes.router,
        web_service.own_notes.routes.router,
        web_service.profile.providers.router,
        web_service.profile.routes.router,
        web_service.overview.routes.router,
        web_service.overview.landing.router,
        web_service.account.routes.router,
        web_service.oauth.routes.router,
    ),
    state=WebState,
)


def create_app(settings: WebSettings | None = None) -> FastAPI:
    """The application, configured by the environment where no settings are passed; uvicorn's factory."""
    settings = settings or load_settings(WebSettings)
    return configured_app(create_stateless_app, settings, SPEC)
