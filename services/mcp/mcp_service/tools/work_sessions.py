"""Tools on work sessions (mcp §5.7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mcp_service.tools.arguments import UNSET, Id, NoteId, Offset, SessionId, Whole, sent, within
from mcp_service.tools.context import ToolCall
from mcp_service.tools.ownership import own_note
from mcp_service.tools.paging import Paged, page_of
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import Session
from mcp_service.upstream.client import JsonObject
from notechondria_shared.core.timestamps import iso_offset, now

MOST = 200
SUMMARY = 255

Title = Annotated[str, Field(description="Default: the note's title")]
Summary = Annotated[str, Field(description="Cut to 255 characters")]


class SessionList(Paged):
    """Work sessions; `total` counts the newest 200."""

    sessions: list[Session]


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.reading("List work sessions")
    async def list_note_sessions(
        call: ToolCall,
        note_id: Annotated[Id, Field(description="Only sessions on this note")] = UNSET,
        limit: Annotated[Whole, Field(json_schema_extra={"minimum": 1, "maximum": MOST})] = 50,
        offset: Offset = 0,
    ) -> SessionList:
        """List when the user worked on notes, newest first."""
        most = within(limit, 1, MOST) if call.is_plain else MOST
        listed = await call.planner.rows("note-sessions/", note_id=None if note_id is UNSET else note_id, limit=most)
        return SessionList.model_validate(page_of(call, "sessions", listed, limit, offset, most=MOST))

    @registry.writing("Begin a work session", reads="notes")
    async def create_note_session(
        call: ToolCall, note_id: NoteId, title: Title = UNSET, summary: Summary = UNSET
    ) -> Session:
        """Note that work on one of the user's notes begins now; end_note_session ends it."""
        await own_note(call.notes, note_id)
        body = _texts(title, summary)
        made = await call.planner.post("note-sessions/", {"note_id": note_id, **body})
        call.journal.touch(note=note_id, session=made["id"])
        call.journal.cannot_undo("A work session that was begun stays in the calendar; it can only be ended.")
        return Session.model_validate(made)

    @registry.writing("End a work session", idempotent=True)
    async def end_note_session(
        call: ToolCall,
        session_id: SessionId,
        title: Annotated[str, Field(description="A better title")] = UNSET,
        summary: Annotated[str, Field(description="What was done; cut to 255 characters")] = UNSET,
    ) -> Session:
        """End one of the user's work sessions now, with a word on what was done."""
        body = {"ended_at": iso_offset(now()), **_texts(title, summary)}
        ended = await call.planner.patch(f"note-sessions/{session_id}/", body)
        call.journal.touch(session=session_id, note=ended["note_id"])
        call.journal.cannot_undo("The end of a work session can be set anew with end_note_session.")
        return Session.model_validate(ended)


def _texts(title: str, summary: str) -> JsonObject:
    return sent(title=title, summary=summary if summary is UNSET else summary[:SUMMARY])
