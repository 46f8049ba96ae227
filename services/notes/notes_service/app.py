"""The notes service, wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI

import notes_service.admin.routes
import notes_service.attachments.routes
import notes_service.block_editing.routes
import notes_service.courses.routes
import notes_service.covers.routes
import notes_service.exchange.routes
import notes_service.front_page.routes
import notes_service.media.routes
import notes_service.notes.routes
import notes_service.own_pages.routes
import notes_service.recycle_bin.routes
import notes_service.references.routes
import notes_service.subscriptions.routes
import notes_service.template_courses.routes
import notes_service.versions.routes
from notechondria_shared.messaging.consumer import Subscription
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings
from notes_service.handlers import subscriptions
from notes_service.housekeeping.service import Housekeeper
from notes_service.models import EVENTS, Base
from notes_service.search.word_indexing import WordIndexing
from notes_service.settings import NotesSettings
from notes_service.state import NotesState
from notes_service.template_courses.seeder import TemplateSeeder


@dataclass(kw_only=True)
class RunningNotes(NotesState):
    """The state with the components that run beside the requests."""

    housekeeper: Housekeeper = field(init=False)
    template_seeder: TemplateSeeder = field(init=False)
    word_indexing: WordIndexing = field(init=False)

    def subscriptions(self) -> Sequence[Subscription]:
        """What notes consumes."""
        return subscriptions(self.known_authors)

    async def start(self) -> None:
        """Start the components."""
        await super().start()
        self.housekeeper = Housekeeper(self.settings, self.database, self.media, self.file_deletions)
        self.housekeeper.start()
        self.template_seeder = TemplateSeeder(self)
        self.template_seeder.start()
        self.word_indexing = WordIndexing(self.database)
        self.word_indexing.start()

    async def stop(self) -> None:
        """End the components."""
        await self.word_indexing.stop()
        await self.template_seeder.stop()
        await self.housekeeper.stop()
        await super().stop()


SPEC = ServiceSpec(
    title="Notechondria notes",
    description="Courses, notes, blocks, files, versions and the recycle bin.",
    # A request is compared with each path before its own: what is asked for most comes first.
    routers=(
        notes_service.notes.routes.router,
        notes_service.courses.routes.router,
        notes_service.subscriptions.routes.router,
        notes_service.recycle_bin.routes.router,
        notes_service.versions.routes.router,
        notes_service.block_editing.routes.router,
        notes_service.attachments.routes.router,
        notes_service.covers.routes.router,
        notes_service.media.routes.router,
        notes_service.exchange.routes.router,
        notes_service.exchange.routes.internal,
        notes_service.front_page.routes.router,
        notes_service.template_courses.routes.router,
        notes_service.references.routes.router,
        notes_service.own_pages.routes.router,
        notes_service.admin.routes.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"notes": 1, "courses": 1, "attachments": 1},
    state=RunningNotes,
)


def create_app(settings: NotesSettings | None = None) -> FastAPI:
    """The application, configured by the environment where no settings are passed; uvicorn's factory."""
    settings = settings or load_settings(NotesSettings)
    return configured_app(create_service_app, settings, SPEC)
