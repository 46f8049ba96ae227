"""Tools on notes (mcp §5.2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server import MCPServer
from mcp_types import ToolAnnotations
from pydantic import Field

from mcp_service.tools.schemas import NoteDeleted, NoteDetail, NotePage, note_brief, note_detail
from mcp_service.upstream.client import Upstream

PAGE = 100
READ = ToolAnnotations(read_only_hint=True, open_world_hint=False)
NoteId = Annotated[int, Field(description="The note's integer id.")]


def register(server: MCPServer[Any], notes: Upstream) -> None:
    """Add the tools to the server."""

    @server.tool(title="List notes", annotations=READ)
    async def list_notes(
        course_id: Annotated[int | None, Field(description="Only notes of this course.")] = None,
        query: Annotated[str | None, Field(description="Only notes whose title or text contains this.")] = None,
        limit: Annotated[int, Field(description="How many at most; 100 is the most there is.")] = 50,
        offset: Annotated[int, Field(description="How many to skip.")] = 0,
    ) -> NotePage:
        """List the user's own notes, last edited first. List before you create, so that nothing is made twice."""
        effective = min(max(limit, 1), PAGE)
        page = await notes.get(
            "notes/",
            scope="personal",
            course_id=course_id,
            contains=query or None,
            limit=effective,
            offset=max(offset, 0),
        )
        return NotePage(
            total=page["total"],
            offset=page["offset"],
            limit=page["limit"],
            notes=[note_brief(note) for note in page["results"]],
        )

    @server.tool(title="Read a note", annotations=READ)
    async def get_note(note_id: NoteId) -> NoteDetail:
        """Read one of the user's own notes: its markdown, blocks and metadata."""
        note = await notes.get(f"notes/{note_id}/")
        return note_detail(note)

    @server.tool(
        title="Create a note",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
        ),
    )
    async def create_note(
        title: Annotated[str, Field(max_length=100, description="At most 100 characters.")],
        content: Annotated[str, Field(description="The text, as markdown.")] = "",
        description: Annotated[str, Field(description="One line on what the note is about.")] = "",
        course_id: Annotated[int | None, Field(description="The course to file it in.")] = None,
        is_public: Annotated[bool, Field(description="True lets everybody read it.")] = False,
        editor_mode: Annotated[
            Literal["G", "B", "P"] | None, Field(description="G markdown, B blocks, P plain text; default: the user's.")
        ] = None,
    ) -> NoteDetail:
        """Create a note of the user. Search first: the same thought may be there already."""
        body: dict[str, Any] = {
            "title": title,
            "content": content,
            "description": description,
            "course_id": course_id,
            "is_public": is_public,
        }
        if editor_mode:
            body["editor_mode"] = editor_mode
        return note_detail(await notes.post("notes/", body))

    @server.tool(
        title="Move a note to the recycle bin",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
        ),
    )
    async def delete_note(note_id: NoteId) -> NoteDeleted:
        """Move one of the user's notes into the recycle bin; it can be restored from there."""
        await notes.delete(f"notes/{note_id}/")
        return NoteDeleted(note_id=note_id)
