"""What endpoints of notes and its background components share."""

from __future__ import annotations

from dataclasses import dataclass, field

from notechondria_contracts.clients.planner import PlannerClient
from notechondria_shared.storage.deletions import FileDeletions
from notechondria_shared.web.state import ServiceState
from notechondria_shared.web.turns import Turns
from notes_service.authors.known import KnownAuthors
from notes_service.import_jobs import ImportJobs
from notes_service.import_slots import ImportSlots
from notes_service.models import FILE_DELETIONS
from notes_service.search.pool import SearchPool
from notes_service.settings import NotesSettings


@dataclass(kw_only=True)
class NotesState(ServiceState[NotesSettings]):
    """The parts that endpoints use. `app.py` adds what runs beside the requests."""

    known_authors: KnownAuthors = field(default_factory=KnownAuthors)
    turns: Turns = field(default_factory=Turns)
    search: SearchPool = field(init=False)
    import_slots: ImportSlots = field(init=False)
    import_jobs: ImportJobs = field(init=False)
    file_deletions: FileDeletions = field(init=False)
    planner: PlannerClient = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.search = SearchPool(self.settings.search_workers, self.settings.search_queue)
        self.import_slots = ImportSlots(self.settings.import_at_once)
        self.import_jobs = ImportJobs(self.database)
        self.file_deletions = FileDeletions(self.database, self.media, FILE_DELETIONS)
        self.planner = PlannerClient(self.internal_http, self.settings.planner_url)

    async def start(self) -> None:
        """Start the deletion of files that earlier transactions queued."""
        self.file_deletions.start()

    async def stop(self) -> None:
        """End it, imports that go on, and the ranking threads."""
        await self.import_jobs.stop()
        await self.file_deletions.stop()
        self.search.close()
