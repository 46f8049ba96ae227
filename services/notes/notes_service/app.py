"""The notes service, wired."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

import notes_service.admin.routes
import notes_service.attachments.routes
import notes_service.blocks.routes
import notes_service.courses.routes
import notes_service.covers.routes
import notes_service.exchange.routes
import notes_service.front_page.routes
import notes_service.media.routes
import notes_service.notes.routes
import notes_service.recycle_bin.routes
import notes_service.references.routes
import notes_service.subscriptions.routes
import notes_service.template_courses.routes
import notes_service.versions.routes
from notechondria_shared.service.app import ServiceSpec, create_service_app
from notechondria_shared.service.runner import configured_app, load_settings
from notechondria_shared.storage.deletions import FileDeletions
from notes_service.authors.contact import KnownAuthors
from notes_service.exchange.limits import Slots
from notes_service.handlers import subscriptions
from notes_service.housekeeping.service import Housekeeper
from notes_service.models import EVENTS, FILE_DELETIONS, Base
from notes_service.notes.search import SearchPool
from notes_service.settings import NotesSettings
from notes_service.template_courses.seeder import TemplateSeeder


async def _start(app: FastAPI) -> None:
    settings: NotesSettings = app.state.settings
    app.state.known_authors = KnownAuthors()
    app.state.search = SearchPool(settings.search_workers, settings.search_queue)
    app.state.import_slots = Slots(settings.import_at_once)
    app.state.file_deletions = FileDeletions(app.state.database, app.state.media, FILE_DELETIONS)
    app.state.file_deletions.start()
    app.state.housekeeper = Housekeeper(app)
    app.state.housekeeper.start()
    app.state.template_seeder = TemplateSeeder(app)
    app.state.template_seeder.start()


async def _stop(app: FastAPI) -> None:
    await app.state.template_seeder.stop()
    await app.state.housekeeper.stop()
    await app.state.file_deletions.stop()
    app.state.search.close()


SPEC = ServiceSpec(
    title="Notechondria notes",
    description="Courses, notes, blocks, files, versions and the recycle bin.",
    routers=(
        notes_service.courses.routes.router,
        notes_service.subscriptions.routes.router,
        notes_service.recycle_bin.routes.router,
        notes_service.notes.routes.router,
        notes_service.versions.routes.router,
        notes_service.blocks.routes.router,
        notes_service.attachments.routes.router,
        notes_service.covers.routes.router,
        notes_service.media.routes.router,
        notes_service.exchange.routes.router,
        notes_service.exchange.routes.internal,
        notes_service.front_page.routes.router,
        notes_service.template_courses.routes.router,
        notes_service.references.routes.router,
        notes_service.admin.routes.router,
    ),
    tables=EVENTS,
    metadata=Base.metadata,
    migrations=Path(__file__).resolve().parent.parent / "migrations",
    capabilities={"notes": 1, "courses": 1, "attachments": 1},
    subscriptions=subscriptions,
    on_start=(_start,),
    on_stop=(_stop,),
)


def create_app() -> FastAPI:
    """The application, configured by the environment; uvicorn's factory."""
    settings = load_settings(NotesSettings)
    return configured_app(lambda: create_service_app(settings, SPEC), settings)
