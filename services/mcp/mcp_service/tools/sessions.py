"""Tools on work sessions (mcp §5.7)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mcp_service.calls.journal import journal
from mcp_service.tools.arguments import UNSET, Id, NoteId, SessionId, Whole, given
from mcp_service.tools.own import own_note
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import Session, ToolResult
from mcp_service.upstream.client import Services
from notechondria_shared.core.timestamps import iso_offset, now

MOST = 200
SUMMARY = 255

Title = Annotated[str, Field(description="Default: the note's title")]
Summary = Annotated[str, Field(description="Cut to 255 characters")]


class SessionList(ToolResult):
    """Work sessions."""

    sessions: list[Session]


def register(box: ToolRegistry, services: Services) -> None:
    """Add the tools."""
    planner = services.planner

    @box.reading("List work sessions")
    async def list_note_sessions(
        note_id: Annotated[Id, Field(description="Only sessions on this note")] = UNSET,
        limit: Annotated[Whole, Field(json_schema_extra={"minimum": 1, "maximum": MOST})] = 50,
    ) -> SessionList:
        """List when the user worked on notes, newest first."""
        listed = await planner.get("note-sessions/", **given(note_id=note_id), limit=min(max(limit, 1), MOST))
        return SessionList(sessions=[Session(**row) for row in listed])

    @box.writing("Begin a work session")
    async def create_note_session(note_id: NoteId, title: Title = UNSET, summary: Summary = UNSET) -> Session:
        """Note that work on one of the user's notes begins now; end_note_session ends it."""
        await own_note(services.notes, note_id)
        body = _words(title=title, summary=summary)
        made = await planner.post("note-sessions/", {"note_id": note_id, **body})
        journal().touch(note=note_id, session=made["id"])
        journal().cannot_undo("A work session that was begun stays in the calendar; it can only be ended.")
        return Session(**made)

    @box.writing("End a work session", idempotent=True)
    async def end_note_session(
        session_id: SessionId,
        title: Annotated[str, Field(description="A better title")] = UNSET,
        summary: Annotated[str, Field(description="What was done; cut to 255 characters")] = UNSET,
    ) -> Session:
        """End one of the user's work sessions now, with a word on what was done."""
        body = {"ended_at": iso_offset(now()), **_words(title=title, summary=summary)}
        ended = await planner.patch(f"note-sessions/{session_id}/", body)
        journal().touch(session=session_id, note=ended["note_id"])
        journal().cannot_undo("The end of a work session can be set anew with end_note_session.")
        return Session(**ended)


def _words(**texts: Any) -> dict[str, Any]:
    body = given(**texts)
    if "summary" in body:
        body["summary"] = body["summary"][:SUMMARY]
    return body
