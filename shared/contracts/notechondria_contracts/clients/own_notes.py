"""The client of the notes service for who looks after their notes on the pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from notechondria_contracts.clients.base import ACT, Download, ServiceClient
from notechondria_contracts.internal.notes import OWN_PATH
from notechondria_contracts.internal.own_notes import (
    BinPage,
    Comparison,
    Emptied,
    ImportProgress,
    NoteLines,
    OwnVersions,
    Reason,
    Storage,
)

NOTES = "/api/v1/notes/"
Upload = tuple[str, IO[bytes], str]
"""File name, content and media type."""


class OwnNotesClient(ServiceClient):
    """Notes, recycle bin, versions, export and import, in the name of who is signed in."""

    service = "notes"

    async def notes(self, contains: str, offset: int, limit: int, assertion: str) -> NoteLines:
        """Own notes, last edited first; those that contain a text, where one is named."""
        params: dict[str, str | int] = {"scope": "personal", "offset": offset, "limit": limit}
        if contains:
            params["contains"] = contains
        return await self.call("GET", NOTES, NoteLines, params=params, assertion=assertion)

    async def storage(self, assertion: str) -> Storage:
        """What the notes take up."""
        return await self.call("GET", f"{OWN_PATH}/storage", Storage, assertion=assertion)

    async def bin(self, offset: int, assertion: str) -> BinPage:
        """A page of the recycle bin."""
        return await self.call("GET", f"{OWN_PATH}/bin", BinPage, params={"offset": offset}, assertion=assertion)

    async def binned(self, note_id: int, assertion: str) -> BinPage:
        """One note of the recycle bin, or none."""
        return await self.call("GET", f"{OWN_PATH}/bin", BinPage, params={"note_id": note_id}, assertion=assertion)

    async def restore(self, note_id: int, assertion: str) -> None:
        """Bring a note back from the recycle bin; refused with 404 when it is not there."""
        await self.send("POST", f"{NOTES}{note_id}/restore/", assertion=assertion)

    async def purge(self, note_id: int, assertion: str) -> None:
        """Remove a note of the recycle bin for good; refused with 404 when it is not there."""
        await self.send("DELETE", f"{NOTES}deleted/{note_id}/", assertion=assertion)

    async def empty_bin(self, assertion: str) -> int:
        """Remove all notes of the recycle bin for good; how many."""
        path = f"{NOTES}deleted/empty/"
        return (await self.call("DELETE", path, Emptied, assertion=assertion, timeout=ACT)).count

    async def versions(self, note_id: int, assertion: str) -> OwnVersions:
        """The versions of an own note; refused with 404 when it is not the person's, or in the bin."""
        return await self.call("GET", f"{OWN_PATH}/notes/{note_id}/versions", OwnVersions, assertion=assertion)

    async def comparison(self, note_id: int, version_id: int, assertion: str) -> Comparison:
        """A version beside the note as it is; refused with 404 as `versions` is, and when it is unknown."""
        path = f"{OWN_PATH}/notes/{note_id}/versions/{version_id}"
        return await self.call("GET", path, Comparison, assertion=assertion)

    async def restore_version(self, note_id: int, version_id: int, assertion: str) -> None:
        """Bring a note back to a version; how it was is kept as one."""
        path = f"{NOTES}{note_id}/restore/{version_id}/"
        await self.send("POST", path, body=Reason(reason="before_restore"), assertion=assertion)

    async def export(self, form: str, course_id: int, assertion: str) -> Download:
        """All notes, or those of a course, as an archive."""
        params: dict[str, str | int] = {"format": form} | ({"course_id": course_id} if course_id else {})
        return await self.download(f"{NOTES}export/", params, assertion)

    async def begin_import(self, files: Sequence[Upload], assertion: str, *, dry_run: bool) -> ImportProgress:
        """Hand files over; the import goes on after the answer. Refused with 400; 503 while another one goes on."""
        return await self.upload(
            f"{NOTES}import/",
            ImportProgress,
            [("file", file) for file in files],
            params={"dry_run": "1"} if dry_run else {},
            headers={"Prefer": "respond-async"},
            assertion=assertion,
        )

    async def import_progress(self, job_id: int, assertion: str) -> ImportProgress:
        """How far an import is; refused with 404 when it is not the person's."""
        return await self.call("GET", f"{NOTES}import/{job_id}/", ImportProgress, assertion=assertion)
