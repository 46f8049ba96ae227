"""Tools on notes (mcp §5.2)."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from mcp_service.calls.journal import Check, Step
from mcp_service.tools import short_notes
from mcp_service.tools.arguments import FAR, UNSET, Answer, Id, NoteId, Whole, sent, within
from mcp_service.tools.context import ToolCall
from mcp_service.tools.forms import ADDED, later
from mcp_service.tools.note_reading import Format, Lines, Section, Skipped, Window, read
from mcp_service.tools.ownership import own_note, own_or_binned, visible_note
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import LATER, NoteBrief, NoteDetail, ToolResult
from mcp_service.tools.short_notes import NotePage
from mcp_service.upstream.client import JsonObject, Parameter

PAGE = 100
LARGEST = 500_000
"""Characters of a whole note that clients are asked to keep in sight."""
FOUND = 50
WHOLE = "Read one of the user's own notes: text as markdown, blocks and metadata."
SEEN = ("last_edit",)
"""Changes with every save of a note."""

CourseToFile = Annotated[Id, Field(description="Course to file it in, from list_courses; default: none")]


class NoteDeleted(ToolResult):
    """The note lies in the recycle bin now."""

    deleted: Literal[True] = True
    note_id: int


class SearchResult(ToolResult):
    """The matches of a search. `matched` is `text` when they contain the query, `ranked` when none does and these are
    the ones most like it."""

    query: str = UNSET
    count: int = UNSET
    notes: list[NoteBrief] = UNSET
    error: str = UNSET
    matched: Annotated[Literal["text", "ranked"], LATER] = UNSET
    total: Annotated[int, LATER] = UNSET
    offset: Annotated[int, LATER] = UNSET
    limit: Annotated[int, LATER] = UNSET


def register(registry: ToolRegistry) -> None:
    """Add the tools."""
    _reading(registry)
    _writing(registry)


def _reading(registry: ToolRegistry) -> None:

    @registry.reading("List notes")
    async def list_notes(
        call: ToolCall,
        course_id: Annotated[Id, Field(description="Only notes of this course")] = UNSET,
        query: Annotated[str, Field(description="Only notes whose title or text contains this")] = UNSET,
        limit: Annotated[Whole, Field(description="At most 100")] = 50,
        offset: Annotated[Whole, Field(description="How many to skip")] = 0,
    ) -> NotePage:
        """List the user's own notes without their text, last edited first. `total` counts all that match; page with
        offset. List or search before creating several, and create only what is missing."""
        # What a parameter has by itself is not sent: notes reads each that is.
        return await short_notes.page(
            call.notes,
            course_id=None if course_id is UNSET else course_id,
            contains=None if query is UNSET else query,
            limit=within(limit, 1, PAGE),
            offset=within(offset, 0, FAR) or None,
        )

    @registry.reading("Read a note", plain=WHOLE, largest=LARGEST)
    async def get_note(
        call: ToolCall,
        note_id: NoteId,
        format: Format = "markdown",  # noqa: A002 - the name on the wire
        offset: Skipped = 0,
        limit: Lines = UNSET,
        section: Section = UNSET,
        include_deleted: Annotated[
            bool, Field(description="True also reads the recycle bin", json_schema_extra=ADDED)
        ] = False,
    ) -> NoteDetail:
        """Read one of the user's own notes: its text as markdown. A long text comes in parts: `more` says how to go on.
        format full adds blocks and metadata."""
        row = await (own_or_binned if include_deleted else own_note)(call.notes, note_id)
        return read(call, row, "get_note", Window(offset, limit, section))

    @registry.reading("Read a note by its uuid", largest=LARGEST)
    async def get_note_by_uuid(
        call: ToolCall,
        uuid: Annotated[str, Field(description="As in a share link, e.g. 0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10")],
        format: Format = "markdown",  # noqa: A002 - the name on the wire
        offset: Skipped = 0,
        limit: Lines = UNSET,
        section: Section = UNSET,
    ) -> NoteDetail:
        """Read a note by its uuid: an own one, or somebody's public one."""
        try:
            identifier = UUID(uuid.strip())
        except ValueError:
            message = f"BadArgument: uuid: {uuid[:60]!r} is no uuid."
            raise ToolError(message) from None
        row = await visible_note(call.notes, identifier)
        return read(call, row, "get_note_by_uuid", Window(offset, limit, section))

    @registry.reading("Search notes")
    async def search_notes(
        call: ToolCall,
        query: Annotated[
            str,
            Field(
                description="Text that the title or the content contains, in any case",
                json_schema_extra=later("Text in the title or content; where no note has it, the nearest ones come"),
            ),
        ],
        scope: Annotated[
            Literal["personal", "all"], Field(description="all adds public notes of other users")
        ] = "personal",
        limit: Annotated[Whole, Field(description="At most 50", json_schema_extra=ADDED)] = FOUND,
        offset: Annotated[Whole, Field(description="How many to skip", json_schema_extra=ADDED)] = 0,
    ) -> SearchResult:
        """Find notes by a piece of their title or text, at most 50, last edited first. One telling word finds more than
        a sentence. Search before you capture something: it may be there already."""
        words = query.strip()
        if not words:
            return SearchResult(error="Nothing was searched: query is blank. Give a word to look for.")
        asked: dict[str, Parameter] = {
            "fields": "brief",
            "scope": scope,
            "limit": within(limit, 1, FOUND),
            "offset": within(offset, 0, FAR),
        }
        page, matches = await call.notes.page("notes/", contains=words, **asked)
        if call.is_plain:
            return SearchResult(query=words, count=len(matches), notes=NoteBrief.list_of(matches))
        matched: Literal["text", "ranked"] = "text"
        if page["total"] == 0:
            matched = "ranked"
            page, matches = await call.notes.page("notes/", q=words, **asked)
        rows: JsonObject = {**page, "query": words, "matched": matched, "count": len(matches), "notes": [*matches]}
        return SearchResult.model_validate(rows)


def _writing(registry: ToolRegistry) -> None:
    @registry.writing("Create a note")
    async def create_note(
        call: ToolCall,
        title: Annotated[str, Field(description="At most 100 characters")],
        content: Annotated[str, Field(description="The text, as markdown")] = UNSET,
        description: Annotated[str, Field(description="One line on what it is about")] = UNSET,
        course_id: CourseToFile = UNSET,
        is_public: Annotated[bool, Field(description="True lets everybody read it")] = False,
        editor_mode: Annotated[
            Literal["G", "B", "P"], Field(description="G markdown, B blocks, P plain text; default: the user's")
        ] = UNSET,
        format: Answer = "brief",  # noqa: A002 - the name on the wire; read in the executor
    ) -> NoteDetail:
        """Create a note; one call per note. Search first, so that nothing is made twice. Private unless is_public."""
        body = sent(
            title=title,
            content=content,
            description=description,
            course_id=course_id,
            is_public=is_public,
            editor_mode=editor_mode,
        )
        made = await call.notes.post("notes/", body)
        call.journal.touch(note=made["id"])
        call.journal.can_undo(
            Step(service="notes", method="DELETE", path=f"notes/{made['id']}/"), checks=[unchanged(made)]
        )
        return NoteDetail.written(call, made)

    @registry.writing("Change a note", idempotent=True)
    async def update_note(
        call: ToolCall,
        note_id: NoteId,
        title: Annotated[str, Field(description="At most 100 characters")] = UNSET,
        content: Annotated[
            str,
            Field(
                description="Replaces the whole text; read the note first to add to it",
                json_schema_extra=later("Replaces the whole text; append_to_note and edit_note change a part of it"),
            ),
        ] = UNSET,
        description: str = UNSET,
        is_public: Annotated[bool, Field(description="True lets everybody read it")] = UNSET,
        course_id: Annotated[Id | None, Field(description="null takes it out of its course")] = UNSET,
        format: Answer = "brief",  # noqa: A002
    ) -> NoteDetail:
        """Change one of the user's notes; only what is given changes. For a change worth a version, call snapshot_note
        before it; undo_call takes it back."""
        body = sent(title=title, content=content, description=description, is_public=is_public, course_id=course_id)
        before, after = await call.notes.change_seen(
            "PATCH", f"notes/{note_id}/", lambda: own_note(call.notes, note_id), SEEN, body
        )
        call.journal.touch(note=note_id)
        call.journal.about(before["title"])
        if body:
            call.journal.can_undo(back_to(before, *body), checks=[unchanged(after)], before=[unchanged(before)])
        return NoteDetail.written(call, after)

    @registry.writing("Move a note to the recycle bin", idempotent=True)
    async def delete_note(call: ToolCall, note_id: NoteId) -> NoteDeleted:
        """Move one of the user's notes to the recycle bin, from where restore_deleted_note brings it back."""
        before = await own_note(call.notes, note_id)
        await call.notes.delete(f"notes/{note_id}/")
        call.journal.touch(note=note_id)
        call.journal.about(before["title"])
        steps = [Step(service="notes", method="POST", path=f"notes/{note_id}/restore/")]
        if before["is_public"]:
            # The bin makes a note private; taking the deletion back makes it public again.
            steps.append(back_to(before, "is_public"))
        call.journal.can_undo(*steps, before=[unchanged(before)])
        return NoteDeleted(note_id=note_id)


def unchanged(note: JsonObject) -> Check:
    """The note is as this answer left it."""
    return Check(service="notes", path=f"notes/{note['id']}/", equals={"last_edit": note["last_edit"]})


def back_to(note: JsonObject, *fields: str) -> Step:
    """These fields of the note as they were."""
    body = {name: note[name] for name in fields}
    return Step(service="notes", method="PATCH", path=f"notes/{note['id']}/", body=body)
