"""Tools on notes (mcp §5.2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from mcp_service.calls.journal import Check, Step, journal
from mcp_service.tools.arguments import UNSET, Id, NoteId, Whole, given
from mcp_service.tools.own import own_note, visible_note
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import NoteBrief, NoteDetail, NoteList, ToolResult, note_brief, note_detail
from mcp_service.upstream.client import Services, Upstream

PAGE = 100
FOUND = 50
FAR = 2**62
SEEN = ("last_edit",)
"""Changes with every save of a note."""

CourseToFile = Annotated[Id, Field(description="Course to file it in, from list_courses; default: none")]


class NotePage(NoteList):
    """A page of notes."""

    total: int
    offset: int
    limit: int


class NoteDeleted(ToolResult):
    """The note lies in the recycle bin now."""

    deleted: Literal[True] = True
    note_id: int


class Found(ToolResult):
    """What a search found."""

    query: str = UNSET
    count: int = UNSET
    notes: list[NoteBrief] = UNSET
    error: str = UNSET


def register(box: ToolRegistry, services: Services) -> None:
    """Add the tools."""
    _reading(box, services.notes)
    _writing(box, services.notes)


def _reading(box: ToolRegistry, notes: Upstream) -> None:

    @box.reading("List notes")
    async def list_notes(
        course_id: Annotated[Id, Field(description="Only notes of this course")] = UNSET,
        query: Annotated[str, Field(description="Only notes whose title or text contains this")] = UNSET,
        limit: Annotated[Whole, Field(description="At most 100")] = 50,
        offset: Annotated[Whole, Field(description="How many to skip")] = 0,
    ) -> NotePage:
        """List the user's own notes without their text, last edited first. `total` counts all that match; page with
        offset. List or search before creating several, and create only what is missing."""
        page = await notes.get(
            "notes/",
            scope="personal",
            **given(course_id=course_id, contains=query),
            limit=min(max(limit, 1), PAGE),
            offset=min(max(offset, 0), FAR),
        )
        return NotePage(
            total=page["total"],
            offset=page["offset"],
            limit=page["limit"],
            notes=[note_brief(note) for note in page["results"]],
        )

    @box.reading("Read a note")
    async def get_note(note_id: NoteId) -> NoteDetail:
        """Read one of the user's own notes: text as markdown, blocks and metadata."""
        return note_detail(await own_note(notes, note_id))

    @box.reading("Read a note by its uuid")
    async def get_note_by_uuid(
        uuid: Annotated[str, Field(description="As in a share link, e.g. 0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10")],
    ) -> NoteDetail:
        """Read a note by its uuid: an own one, or somebody's public one."""
        try:
            wanted = UUID(uuid.strip())
        except ValueError:
            message = f"BadArgument: uuid: {uuid[:60]!r} is no uuid."
            raise ToolError(message) from None
        return note_detail(await visible_note(notes, wanted))

    @box.reading("Search notes")
    async def search_notes(
        query: Annotated[str, Field(description="Text that the title or the content contains, in any case")],
        scope: Annotated[
            Literal["personal", "all"], Field(description="all adds public notes of other users")
        ] = "personal",
    ) -> Found:
        """Find notes by a piece of their title or text, at most 50, last edited first. One telling word finds more than
        a sentence. Search before you capture something: it may be there already."""
        words = query.strip()
        if not words:
            return Found(error="Nothing was searched: query is blank. Give a word to look for.")
        page = await notes.get("notes/", scope=scope, contains=words, limit=FOUND)
        found = [note_brief(note) for note in page["results"]]
        return Found(query=words, count=len(found), notes=found)


def _writing(box: ToolRegistry, notes: Upstream) -> None:
    @box.writing("Create a note")
    async def create_note(
        title: Annotated[str, Field(description="At most 100 characters")],
        content: Annotated[str, Field(description="The text, as markdown")] = UNSET,
        description: Annotated[str, Field(description="One line on what it is about")] = UNSET,
        course_id: CourseToFile = UNSET,
        is_public: Annotated[bool, Field(description="True lets everybody read it")] = False,
        editor_mode: Annotated[
            Literal["G", "B", "P"], Field(description="G markdown, B blocks, P plain text; default: the user's")
        ] = UNSET,
    ) -> NoteDetail:
        """Create a note; one call per note. Search first, so that nothing is made twice. Private unless is_public."""
        body = given(
            title=title,
            content=content,
            description=description,
            course_id=course_id,
            is_public=is_public,
            editor_mode=editor_mode,
        )
        made = await notes.post("notes/", body)
        journal().touch(note=made["id"])
        journal().can_undo(
            Step(service="notes", method="DELETE", path=f"notes/{made['id']}/"), checks=[unchanged(made)]
        )
        return note_detail(made)

    @box.writing("Change a note", idempotent=True)
    async def update_note(
        note_id: NoteId,
        title: Annotated[str, Field(description="At most 100 characters")] = UNSET,
        content: Annotated[str, Field(description="Replaces the whole text; read the note first to add to it")] = UNSET,
        description: str = UNSET,
        is_public: Annotated[bool, Field(description="True lets everybody read it")] = UNSET,
        course_id: Annotated[Id | None, Field(description="null takes it out of its course")] = UNSET,
    ) -> NoteDetail:
        """Change one of the user's notes; only what is given changes. For a change worth a version, call snapshot_note
        before it; undo_call takes it back."""
        body = given(title=title, content=content, description=description, is_public=is_public, course_id=course_id)
        before, after = await notes.change_seen(
            "PATCH", f"notes/{note_id}/", lambda: own_note(notes, note_id), SEEN, json=body
        )
        journal().touch(note=note_id)
        if body:
            journal().can_undo(back_to(before, *body), checks=[unchanged(after)])
        return note_detail(after)

    @box.writing("Move a note to the recycle bin", idempotent=True)
    async def delete_note(note_id: NoteId) -> NoteDeleted:
        """Move one of the user's notes to the recycle bin, from where restore_deleted_note brings it back."""
        before = await own_note(notes, note_id)
        await notes.delete(f"notes/{note_id}/")
        journal().touch(note=note_id)
        steps = [Step(service="notes", method="POST", path=f"notes/{note_id}/restore/")]
        if before["is_public"]:
            # The bin makes a note private; taking the deletion back makes it public again.
            steps.append(back_to(before, "is_public"))
        journal().can_undo(*steps)
        return NoteDeleted(note_id=note_id)


def unchanged(note: dict[str, Any]) -> Check:
    """The note is as this answer left it."""
    return Check(service="notes", path=f"notes/{note['id']}/", equals={"last_edit": note["last_edit"]})


def back_to(note: dict[str, Any], *fields: str) -> Step:
    """These fields of the note as they were."""
    body = {name: note[name] for name in fields}
    return Step(service="notes", method="PATCH", path=f"notes/{note['id']}/", body=body)
