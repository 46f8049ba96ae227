"""The parts of the running identity service."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI

from identity_service.housekeeping import Housekeeper
from identity_service.mail.service import Mailer
from identity_service.models import FILE_DELETIONS
from identity_service.outside_documents import DocumentFetcher
from identity_service.passwords import PasswordPool
from identity_service.providers import Providers
from identity_service.settings import IdentitySettings
from notechondria_shared.auth.state import state_of
from notechondria_shared.messaging.capabilities import CapabilityRegistry
from notechondria_shared.storage.deletions import FileDeletions
from notechondria_shared.web.clients import external_client
from notechondria_shared.web.state import ServiceState


@dataclass(kw_only=True)
class IdentityState(ServiceState[IdentitySettings]):
    """Hashing, mail, sign-in providers, what other services announce, and background work."""

    passwords: PasswordPool = field(init=False)
    mailer: Mailer = field(init=False)
    providers: Providers = field(init=False)
    announced: CapabilityRegistry = field(init=False)
    documents: DocumentFetcher = field(init=False)
    """Fetches what programs say of themselves."""
    file_deletions: FileDeletions = field(init=False)
    _provider_http: httpx.AsyncClient = field(init=False)
    _housekeeper: Housekeeper = field(init=False)

    async def start(self) -> None:
        """Make and start the parts."""
        settings = self.settings
        self.passwords = PasswordPool(settings.password_workers, settings.password_queue)
        self.mailer = Mailer(settings)
        self._provider_http = external_client()
        self.providers = Providers(self._provider_http, settings)
        self.documents = DocumentFetcher(settings.oauth_client_allow_hosts)
        self.announced = CapabilityRegistry(self.bus)
        self.announced.start()
        self.file_deletions = FileDeletions(self.database, self.media, FILE_DELETIONS)
        self.file_deletions.start()
        self._housekeeper = Housekeeper(self.database)
        self._housekeeper.start()

    async def stop(self) -> None:
        """End the background work, then the clients and the threads."""
        await self._housekeeper.stop()
        await self.file_deletions.stop()
        await self.announced.stop()
        await self._provider_http.aclose()
        await self.documents.close()
        self.passwords.close()


def identity_state(app: FastAPI) -> IdentityState:
    """The state of the running service."""
    return state_of(app, IdentityState)
