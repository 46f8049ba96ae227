"""Tools on versions, attachments and the recycle bin (mcp §5.6)."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import Field

from mcp_service.calls.journal import Step
from mcp_service.tools.arguments import Answer, Id, Limit, NoteId, Offset
from mcp_service.tools.consent import Answer as Agreement
from mcp_service.tools.consent import Consent, asked, must_agree
from mcp_service.tools.context import ToolCall
from mcp_service.tools.notes import SEEN, back_to, unchanged
from mcp_service.tools.ownership import own_note
from mcp_service.tools.paging import Paged, page_of
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import NoteDetail, NullableText, Timestamp, ToolResult
from mcp_service.upstream.client import JsonObject, Refused

KEPT = 12
LISTED = 200
REASON = 32
RESTORED = ("title", "description", "content", "metadata_json", "editor_mode")
"""What a version brings back (notes §7)."""

NAMED = 5
"""So many notes are named when the user is asked about the bin."""


async def _ask_about_file(call: ToolCall, note_id: int, attachment_id: int) -> Agreement | Elicit[Agreement]:
    async def question() -> str:
        note = await own_note(call.notes, note_id)
        for file in await call.notes.rows(f"notes/{note_id}/attachments/"):
            if file["id"] == attachment_id:
                return f'Delete the file "{file["original_filename"]}" of the note "{note["title"]}" for good?'
        cause = f"the note has no attachment {attachment_id} (list_attachments gives ids)."
        raise Refused("NotFound", cause, 404)

    return await asked(call, question)


async def _ask_about_bin(call: ToolCall) -> Agreement | Elicit[Agreement]:
    async def question() -> str:
        titles = [f'"{note["title"]}"' for note in await call.notes.rows("notes/deleted/")]
        more = f" and {len(titles) - NAMED} more" if len(titles) > NAMED else ""
        named = ", ".join(titles[:NAMED]) + more
        return f"Empty the recycle bin? What is in it is lost for good: {named or 'nothing'}."

    return await asked(call, question)


AttachmentConsent = Annotated[Consent, Resolve(_ask_about_file)]
BinConsent = Annotated[Consent, Resolve(_ask_about_bin)]


class Version(ToolResult):
    """A version of a note, without its text."""

    id: int
    title: str
    reason: str
    date_created: Timestamp


class VersionList(ToolResult):
    """Versions of a note."""

    note_id: int
    versions: list[Version]


class Snapshot(ToolResult):
    """The version that was kept."""

    version_id: int
    date_created: Timestamp


class Attachment(ToolResult):
    """A file of a note."""

    id: int
    original_filename: str
    file_size: int
    content_type: str
    date_created: str


class AttachmentList(Paged):
    """Files of a note."""

    note_id: int
    attachments: list[Attachment]


class AttachmentDeleted(ToolResult):
    """The file is gone."""

    deleted: Literal[True] = True
    attachment_id: int


class DeletedNote(ToolResult):
    """A note in the recycle bin."""

    id: int
    title: str
    description: NullableText
    course_id: int | None
    deleted_at: str


class DeletedNotes(Paged):
    """The recycle bin."""

    deleted_notes: list[DeletedNote]


class Emptied(ToolResult):
    """How many notes are gone."""

    deleted_count: int


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.reading("List the versions of a note")
    async def list_note_versions(call: ToolCall, note_id: NoteId) -> VersionList:
        """List the up to 12 kept versions of one of the user's notes, newest first."""
        await own_note(call.notes, note_id)
        listed = await call.notes.rows(f"notes/{note_id}/history/")
        return VersionList(note_id=note_id, versions=Version.list_of(listed[:KEPT]))

    @registry.writing("Keep a version of a note")
    async def snapshot_note(
        call: ToolCall,
        note_id: NoteId,
        reason: Annotated[str, Field(description="A word or two, at most 32 characters")] = "mcp",
    ) -> Snapshot:
        """Keep the present state of a note as a version, for instance before rewriting it. The 12 newest stay."""
        await own_note(call.notes, note_id)
        version = await call.notes.post(f"notes/{note_id}/snapshot/", {"reason": reason.strip()[:REASON] or "mcp"})
        call.journal.touch(note=note_id, version=version["id"])
        call.journal.cannot_undo("A version does no harm and is not removed; it goes when 12 newer ones are there.")
        return Snapshot.model_validate({**version, "version_id": version["id"]})

    @registry.writing("Restore a version of a note")
    async def restore_note_version(
        call: ToolCall,
        note_id: NoteId,
        version_id: Annotated[Id, Field(description="From list_note_versions")],
        format: Answer = "brief",  # noqa: A002 - the name on the wire; read in the executor
    ) -> NoteDetail:
        """Put a kept version in place of a note's present state, which is itself kept as a version first."""
        path = f"notes/{note_id}/restore/{version_id}/"
        reason: JsonObject = {"reason": "before_restore_mcp"}
        before, after = await call.notes.change_seen("POST", path, lambda: own_note(call.notes, note_id), SEEN, reason)
        call.journal.touch(note=note_id, version=version_id)
        call.journal.about(before["title"])
        call.journal.can_undo(back_to(before, *RESTORED), checks=[unchanged(after)], before=[unchanged(before)])
        return NoteDetail.written(call, after)

    @registry.reading("List the attachments of a note")
    async def list_attachments(
        call: ToolCall, note_id: NoteId, limit: Limit = LISTED, offset: Offset = 0
    ) -> AttachmentList:
        """List the files attached to one of the user's notes, newest first; sizes in bytes."""
        await own_note(call.notes, note_id)
        listed = await call.notes.rows(f"notes/{note_id}/attachments/")
        most = len(listed) if call.is_plain else LISTED
        page = page_of(call, "attachments", listed, limit, offset, most=most)
        return AttachmentList.model_validate({"note_id": note_id, **page})

    @registry.writing("Delete an attachment", destructive=True)
    async def delete_attachment(
        call: ToolCall,
        note_id: NoteId,
        attachment_id: Annotated[Id, Field(description="From list_attachments")],
        consent: AttachmentConsent,
    ) -> AttachmentDeleted:
        """Delete a file of one of the user's notes for good. Ask the user before you call this."""
        must_agree(consent)
        await own_note(call.notes, note_id)
        await call.notes.delete(f"notes/{note_id}/attachments/{attachment_id}/")
        call.journal.touch(note=note_id, attachment=attachment_id)
        call.journal.cannot_undo("The file was removed for good.")
        return AttachmentDeleted(attachment_id=attachment_id)

    @registry.reading("List the recycle bin")
    async def list_deleted_notes(call: ToolCall, limit: Limit = 50, offset: Offset = 0) -> DeletedNotes:
        """List the user's notes in the recycle bin, last deleted first. They stay until the bin is emptied."""
        listed = await call.notes.rows("notes/deleted/")
        most = len(listed) if call.is_plain else LISTED
        return DeletedNotes.model_validate(page_of(call, "deleted_notes", listed, limit, offset, most=most))

    @registry.writing("Restore a note from the bin")
    async def restore_deleted_note(
        call: ToolCall,
        note_id: NoteId,
        format: Answer = "brief",  # noqa: A002
    ) -> NoteDetail:
        """Bring one of the user's notes back from the recycle bin; it comes back private."""
        after = await call.notes.post(f"notes/{note_id}/restore/")
        call.journal.touch(note=note_id)
        call.journal.about(after["title"])
        call.journal.can_undo(
            Step(service="notes", method="DELETE", path=f"notes/{note_id}/"), checks=[unchanged(after)]
        )
        return NoteDetail.written(call, after)

    @registry.writing("Empty the recycle bin", destructive=True)
    async def empty_recycle_bin(call: ToolCall, consent: BinConsent) -> Emptied:
        """Delete every note in the recycle bin for good, with its versions and files. Always ask the user for
        confirmation before you call this, and show list_deleted_notes."""
        must_agree(consent)
        emptied = await call.notes.delete("notes/deleted/empty/")
        call.journal.cannot_undo("What was in the bin was removed for good.")
        return Emptied.model_validate(emptied)
