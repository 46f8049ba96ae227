"""Tools on versions, attachments and the recycle bin (mcp §5.6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import Field

from mcp_service.calls.journal import Step, journal
from mcp_service.tools.arguments import Id, NoteId
from mcp_service.tools.consent import Answer, Consent, asked, must_agree
from mcp_service.tools.notes import SEEN, back_to, unchanged
from mcp_service.tools.own import own_note
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import NoteDetail, ToolResult, note_detail, with_offset
from mcp_service.upstream.client import Refused, Services

KEPT = 12
REASON = 32
RESTORED = ("title", "description", "content", "metadata_json", "editor_mode")
"""What a version brings back (notes §7)."""

NAMED = 5
"""So many notes are named when the user is asked about the bin."""


async def _ask_about_file(ctx: Context[Any, Any], note_id: int, attachment_id: int) -> Answer | Elicit[Answer]:
    async def question(services: Services) -> str:
        note = await own_note(services.notes, note_id)
        for file in await services.notes.get(f"notes/{note_id}/attachments/"):
            if file["id"] == attachment_id:
                return f'Delete the file "{file["original_filename"]}" of the note "{note["title"]}" for good?'
        cause = f"the note has no attachment {attachment_id} (list_attachments gives ids)."
        raise Refused("NotFound", cause, 404)

    return await asked(ctx, question)


async def _ask_about_bin(ctx: Context[Any, Any]) -> Answer | Elicit[Answer]:
    async def question(services: Services) -> str:
        titles = [f'"{note["title"]}"' for note in await services.notes.get("notes/deleted/")]
        more = f" and {len(titles) - NAMED} more" if len(titles) > NAMED else ""
        named = ", ".join(titles[:NAMED]) + more
        return f"Empty the recycle bin? What is in it is lost for good: {named or 'nothing'}."

    return await asked(ctx, question)


AttachmentConsent = Annotated[Consent, Resolve(_ask_about_file)]
BinConsent = Annotated[Consent, Resolve(_ask_about_bin)]


class Version(ToolResult):
    """A version of a note, without its text."""

    id: int
    title: str
    reason: str
    date_created: str


class VersionList(ToolResult):
    """Versions of a note."""

    note_id: int
    versions: list[Version]


class Snapshot(ToolResult):
    """The version that was kept."""

    version_id: int
    date_created: str


class Attachment(ToolResult):
    """A file of a note."""

    id: int
    original_filename: str
    file_size: int
    content_type: str
    date_created: str


class AttachmentList(ToolResult):
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
    description: str
    course_id: int | None
    deleted_at: str


class DeletedNotes(ToolResult):
    """The recycle bin."""

    deleted_notes: list[DeletedNote]


class Emptied(ToolResult):
    """How many notes are gone."""

    deleted_count: int


def register(box: ToolRegistry, services: Services) -> None:
    """Add the tools."""
    notes = services.notes

    @box.reading("List the versions of a note")
    async def list_note_versions(note_id: NoteId) -> VersionList:
        """List the up to 12 kept versions of one of the user's notes, newest first."""
        await own_note(notes, note_id)
        listed = await notes.get(f"notes/{note_id}/history/")
        versions = [Version(**{**row, "date_created": with_offset(row["date_created"])}) for row in listed[:KEPT]]
        return VersionList(note_id=note_id, versions=versions)

    @box.writing("Keep a version of a note")
    async def snapshot_note(
        note_id: NoteId,
        reason: Annotated[str, Field(description="A word or two, at most 32 characters")] = "mcp",
    ) -> Snapshot:
        """Keep the present state of a note as a version, for instance before rewriting it. The 12 newest stay."""
        await own_note(notes, note_id)
        version = await notes.post(f"notes/{note_id}/snapshot/", {"reason": reason.strip()[:REASON] or "mcp"})
        journal().touch(note=note_id, version=version["id"])
        journal().cannot_undo("A version does no harm and is not removed; it goes when 12 newer ones are there.")
        return Snapshot(version_id=version["id"], date_created=with_offset(version["date_created"]))

    @box.writing("Restore a version of a note")
    async def restore_note_version(
        note_id: NoteId, version_id: Annotated[Id, Field(description="From list_note_versions")]
    ) -> NoteDetail:
        """Put a kept version in place of a note's present state, which is itself kept as a version first."""
        path, reason = f"notes/{note_id}/restore/{version_id}/", {"reason": "before_restore_mcp"}
        before, after = await notes.change_seen("POST", path, lambda: own_note(notes, note_id), SEEN, json=reason)
        journal().touch(note=note_id, version=version_id)
        journal().can_undo(back_to(before, *RESTORED), checks=[unchanged(after)])
        return note_detail(after)

    @box.reading("List the attachments of a note")
    async def list_attachments(note_id: NoteId) -> AttachmentList:
        """List the files attached to one of the user's notes, newest first; sizes in bytes."""
        await own_note(notes, note_id)
        listed = await notes.get(f"notes/{note_id}/attachments/")
        return AttachmentList(note_id=note_id, attachments=[Attachment(**row) for row in listed])

    @box.writing("Delete an attachment", destructive=True)
    async def delete_attachment(
        note_id: NoteId,
        attachment_id: Annotated[Id, Field(description="From list_attachments")],
        consent: AttachmentConsent,
    ) -> AttachmentDeleted:
        """Delete a file of one of the user's notes for good. Ask the user before you call this."""
        must_agree(consent)
        await own_note(notes, note_id)
        await notes.delete(f"notes/{note_id}/attachments/{attachment_id}/")
        journal().touch(note=note_id, attachment=attachment_id)
        journal().cannot_undo("The file was removed for good.")
        return AttachmentDeleted(attachment_id=attachment_id)

    @box.reading("List the recycle bin")
    async def list_deleted_notes() -> DeletedNotes:
        """List the user's notes in the recycle bin, last deleted first. They stay until the bin is emptied."""
        listed = await notes.get("notes/deleted/")
        return DeletedNotes(
            deleted_notes=[DeletedNote(**{**row, "description": row["description"] or ""}) for row in listed]
        )

    @box.writing("Restore a note from the bin")
    async def restore_deleted_note(note_id: NoteId) -> NoteDetail:
        """Bring one of the user's notes back from the recycle bin; it comes back private."""
        after = await notes.post(f"notes/{note_id}/restore/")
        journal().touch(note=note_id)
        journal().can_undo(Step(service="notes", method="DELETE", path=f"notes/{note_id}/"), checks=[unchanged(after)])
        return note_detail(after)

    @box.writing("Empty the recycle bin", destructive=True)
    async def empty_recycle_bin(consent: BinConsent) -> Emptied:
        """Delete every note in the recycle bin for good, with its versions and files. Always ask the user for
        confirmation before you call this, and show list_deleted_notes."""
        must_agree(consent)
        emptied = await notes.delete("notes/deleted/empty/")
        journal().cannot_undo("What was in the bin was removed for good.")
        return Emptied(deleted_count=emptied["deleted_count"])
