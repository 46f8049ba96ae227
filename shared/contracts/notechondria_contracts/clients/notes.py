"""The client of the notes service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ModelT, ServiceClient, ServiceRefused
from notechondria_contracts.internal.notes import OWN_PATH, CourseReference, NameQuery, Names, NoteReference


class NotesClient(ServiceClient):
    """Notes and courses, for services whose projection lacks them (ADR 0003)."""

    service = "notes"

    async def note_reference(self, note_id: int) -> NoteReference | None:
        """A note as it is now, also from the recycle bin; None when it is unknown or purged."""
        return await self._known(f"/internal/notes/{note_id}/reference", NoteReference)

    async def course_reference(self, course_id: int) -> CourseReference | None:
        """A course as it is now; None when it is unknown or deleted."""
        return await self._known(f"/internal/courses/{course_id}/reference", CourseReference)

    async def names(self, query: NameQuery, assertion: str) -> Names:
        """What notes and courses of a person are called."""
        return await self.call("POST", f"{OWN_PATH}/names", Names, body=query, assertion=assertion)

    async def _known(self, path: str, model: type[ModelT]) -> ModelT | None:
        try:
            return await self.call("GET", path, model)
        except ServiceRefused as refusal:
            if refusal.status == 404:
                return None
            raise
