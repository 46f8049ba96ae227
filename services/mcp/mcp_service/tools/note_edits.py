"""Tools that change a part of a note's text (decision 60): each keeps the text of before as a version, in one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from mcp_service.tools import note_text
from mcp_service.tools.arguments import UNSET, NoteId
from mcp_service.tools.context import ToolCall
from mcp_service.tools.notes import SEEN, back_to, unchanged
from mcp_service.tools.ownership import own_note
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import NoteBrief
from mcp_service.upstream.client import JsonObject

REASON = "before_edit_mcp"


class NoteEdited(NoteBrief):
    """The note after the change: how often the text was replaced, or which line a task stands in."""

    replaced: int = UNSET
    line: int = UNSET
    task: str = UNSET
    done: bool = UNSET


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.writing("Add to a note", plain=False)
    async def append_to_note(
        call: ToolCall,
        note_id: NoteId,
        text: Annotated[str, Field(description="Markdown to add", min_length=1)],
        heading: Annotated[str, Field(description="Add at the end of the part below it; default: of the note")] = UNSET,
    ) -> NoteEdited:
        """Add text to one of the user's notes, without sending the rest of it. The text before is kept as a version."""
        under = None if heading is UNSET else heading
        after = await _edit(call, note_id, lambda content: note_text.appended(content, text, under))
        return NoteEdited.model_validate(after)

    @registry.writing("Replace a passage of a note", plain=False)
    async def edit_note(
        call: ToolCall,
        note_id: NoteId,
        old_text: Annotated[str, Field(description="The passage, exactly as get_note shows it, and only once there")],
        new_text: Annotated[str, Field(description="What takes its position; empty removes it")],
        replace_all: Annotated[bool, Field(description="True replaces it wherever it is")] = False,
    ) -> NoteEdited:
        """Replace a passage of one of the user's notes. Refused, with the lines, when it is not there or not unique.
        The text before is kept as a version."""
        counts: list[int] = []

        def replaced(content: str) -> str:
            text, count = note_text.replaced(content, old_text, new_text, everywhere=replace_all)
            counts.append(count)
            return text

        after = await _edit(call, note_id, replaced)
        return NoteEdited.model_validate({**after, "replaced": counts[-1]})

    @registry.writing("Tick a task of a note", idempotent=True, plain=False)
    async def tick_task(
        call: ToolCall,
        note_id: NoteId,
        task: Annotated[str, Field(description="Text of the task (a line '- [ ] ...'), or a part that only it has")],
        done: Annotated[bool, Field(description="False opens it again")] = True,
    ) -> NoteEdited:
        """Mark a task in one of the user's notes as done. The text before is kept as a version."""
        ticked: list[note_text.Task] = []

        def tick(content: str) -> str:
            text, row = note_text.ticked(content, task, done=done)
            ticked.append(row)
            return text

        after = await _edit(call, note_id, tick)
        row = ticked[-1]
        return NoteEdited.model_validate({**after, "line": row.line + 1, "task": row.text, "done": done})


async def _edit(call: ToolCall, note_id: int, edit: Callable[[str], str]) -> JsonObject:
    """Change the text as it is right now; when somebody else changes it meanwhile, `edit` sees the new one."""

    def body(before: JsonObject) -> JsonObject | None:
        old = str(before["content"])
        new = edit(old)
        return None if new == old else {"content": new, "reason": REASON}

    path = f"notes/{note_id}/revise/"
    before, after = await call.notes.change_made("POST", path, lambda: own_note(call.notes, note_id), SEEN, body)
    call.journal.touch(note=note_id)
    call.journal.about(before["title"])
    if after is None:
        call.journal.cannot_undo("The note was so already; nothing was changed.")
        return before
    call.journal.can_undo(back_to(before, "content"), checks=[unchanged(after)], before=[unchanged(before)])
    return after
