"""The identity service, wired."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

import identity_service.accounts.probe
import identity_service.accounts.routes
import identity_service.admin.routes
import identity_service.api_keys.routes
import identity_service.authorization.clients.routes
import identity_service.authorization.metadata.routes
import identity_service.authorization.programs.routes
import identity_service.authorization.requests.routes
import identity_service.authorization.tokens.routes
import identity_service.avatars.routes
import identity_service.export.routes
import identity_service.integrations.routes
import identity_service.introspection.service
import identity_service.invitations.routes
import identity_service.oauth.callbacks
import identity_service.oauth.routes
import identity_service.operators.routes
import identity_service.people.agents
import identity_service.people.apps
import identity_service.people.confirming
import identity_service.people.devices
import identity_service.people.joining
import identity_service.people.links
import identity_service.people.own
import identity_service.people.password
import identity_service.people.profile
import identity_service.people.routes
import identity_service.people.second_step
import identity_service.platform.ai
import identity_service.platform.routes
import identity_service.profile.routes
import identity_service.security.routes
import identity_service.sessions.forward_auth
import identity_service.sessions.routes
import identity_service.sign_in_site.routes
import identity_service.staff.routes
from identity_service.introspection.service import DatabaseIntrospector
from identity_service.models import EVENTS, Base
from identity_service.settings import IdentitySettings
from identity_service.state import IdentityState
from notechondria_shared.auth.introspection import Introspector
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings


@dataclass(kw_only=True)
class RunningIdentity(IdentityState):
    """The state with what is made of the features."""

    def make_introspector(self) -> Introspector:
        """Identity's own tables."""
        return DatabaseIntrospector(self.database)

    def measure(self) -> None:
        """Count passwords that wait."""
        from identity_service.service_metrics import password_sample  # noqa: PLC0415 - only when metrics are on

        self.samples.append(password_sample(self.passwords, self.settings.service))


SPEC = ServiceSpec(
    title="Notechondria identity",
    description="Accounts, sessions, API keys and settings.",
    routers=(
        identity_service.platform.routes.router,
        identity_service.platform.ai.router,
        identity_service.admin.routes.router,
        identity_service.accounts.routes.router,
        identity_service.accounts.probe.router,
        identity_service.sessions.routes.router,
        identity_service.api_keys.routes.router,
        identity_service.security.routes.router,
        identity_service.profile.routes.router,
        identity_service.invitations.routes.router,
        identity_service.export.routes.router,
        identity_service.operators.routes.router,
        identity_service.operators.routes.lookups,
        identity_service.staff.routes.router,
        identity_service.people.routes.router,
        identity_service.people.joining.router,
        identity_service.people.apps.router,
        identity_service.people.second_step.router,
        identity_service.people.confirming.router,
        identity_service.people.own.router,
        identity_service.people.agents.router,
        identity_service.people.devices.router,
        identity_service.people.profile.router,
        identity_service.people.links.router,
        identity_service.people.password.router,
        identity_service.oauth.routes.router,
        identity_service.oauth.callbacks.router,
        identity_service.sign_in_site.routes.router,
        identity_service.authorization.metadata.routes.router,
        identity_service.authorization.clients.routes.router,
        identity_service.authorization.tokens.routes.router,
        identity_service.authorization.programs.routes.router,
        identity_service.authorization.programs.routes.internal,
        identity_service.authorization.requests.routes.router,
        identity_service.integrations.routes.router,
        identity_service.avatars.routes.router,
        identity_service.introspection.service.router,
        identity_service.sessions.forward_auth.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"auth": 1},
    state=RunningIdentity,
)


def create_app(settings: IdentitySettings | None = None) -> FastAPI:
    """The application, configured by the environment where no settings are passed; uvicorn's factory."""
    settings = settings or load_settings(IdentitySettings)
    return configured_app(create_service_app, settings, SPEC)
