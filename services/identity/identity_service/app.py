"""The identity service, wired."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

import identity_service.accounts.routes
import identity_service.admin.routes
import identity_service.api_keys.routes
import identity_service.avatars.routes
import identity_service.export.routes
import identity_service.integrations.routes
import identity_service.invitations.routes
import identity_service.oauth.callbacks
import identity_service.oauth.routes
import identity_service.operators.routes
import identity_service.platform.ai
import identity_service.platform.routes
import identity_service.profile.routes
import identity_service.security.routes
import identity_service.sessions.forward_auth
import identity_service.sessions.introspection
import identity_service.sessions.routes
import identity_service.staff.routes
from identity_service.housekeeping import Housekeeper
from identity_service.mail.service import Mailer
from identity_service.models import EVENTS, FILE_DELETIONS, Base
from identity_service.oauth.providers import Providers
from identity_service.passwords import PasswordPool
from identity_service.sessions.introspection import DatabaseIntrospector
from identity_service.settings import IdentitySettings
from notechondria_shared.messaging.capabilities import CapabilityRegistry
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings
from notechondria_shared.storage.deletions import FileDeletions
from notechondria_shared.web.clients import external_client


async def _start(app: FastAPI) -> None:
    settings: IdentitySettings = app.state.settings
    app.state.passwords = PasswordPool(settings.password_workers, settings.password_queue)
    app.state.mailer = Mailer(settings)
    app.state.provider_http = external_client()
    app.state.providers = Providers(app.state.provider_http, settings)
    app.state.capabilities = CapabilityRegistry(app.state.bus)
    app.state.capabilities.start()
    app.state.file_deletions = FileDeletions(app.state.database, app.state.media, FILE_DELETIONS)
    app.state.file_deletions.start()
    app.state.housekeeper = Housekeeper(app.state.database)
    app.state.housekeeper.start()


async def _stop(app: FastAPI) -> None:
    await app.state.housekeeper.stop()
    await app.state.file_deletions.stop()
    await app.state.capabilities.stop()
    await app.state.provider_http.aclose()
    app.state.passwords.close()


async def _measure(app: FastAPI) -> None:
    from identity_service.measures import install  # noqa: PLC0415 - only when metrics are on

    install(app)


SPEC = ServiceSpec(
    title="Notechondria identity",
    description="Accounts, sessions, API keys and settings.",
    routers=(
        identity_service.platform.routes.router,
        identity_service.platform.ai.router,
        identity_service.admin.routes.router,
        identity_service.accounts.routes.router,
        identity_service.sessions.routes.router,
        identity_service.api_keys.routes.router,
        identity_service.security.routes.router,
        identity_service.profile.routes.router,
        identity_service.invitations.routes.router,
        identity_service.export.routes.router,
        identity_service.operators.routes.router,
        identity_service.staff.routes.router,
        identity_service.oauth.routes.router,
        identity_service.oauth.callbacks.router,
        identity_service.integrations.routes.router,
        identity_service.avatars.routes.router,
        identity_service.sessions.introspection.router,
        identity_service.sessions.forward_auth.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"auth": 1},
    introspector=lambda app: DatabaseIntrospector(app.state.database, app.state.assertion_key),
    on_start=(_start,),
    on_stop=(_stop,),
    measure=_measure,
)


def create_app() -> FastAPI:
    """The application, configured by the environment; uvicorn's factory."""
    settings = load_settings(IdentitySettings)
    return configured_app(lambda: create_service_app(settings, SPEC), settings)
