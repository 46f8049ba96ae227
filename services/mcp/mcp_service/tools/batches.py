"""Tools on several notes at once (decision 60): at most 50, one undo for all of them; what fails leaves the others."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import Field, JsonValue

from mcp_service.calls.journal import Check, Step
from mcp_service.tools.arguments import Id
from mcp_service.tools.consent import Answer, Consent, asked, must_agree
from mcp_service.tools.context import ToolCall
from mcp_service.tools.notes import SEEN, back_to, unchanged
from mcp_service.tools.ownership import missing, own_note
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import ToolResult
from mcp_service.upstream.client import JsonObject, Refused

MOST = 50
LONGEST = 4_000
"""Characters of the fields that are set, as JSON."""
NAMED = 5
"""So many notes are named when the user is asked."""
NoteIds = Annotated[list[Id], Field(description=f"Ids of 1 to {MOST} notes", min_length=1, max_length=MOST)]


class NotDone(ToolResult):
    """A note that stayed as it was, and why."""

    note_id: int
    error: str


class Batch(ToolResult):
    """The notes that were changed, those that were not, and those that there was no time for."""

    changed: list[int]
    failed: list[NotDone]
    remaining: list[int]


@dataclass(slots=True)
class Undoing:
    """How the changes of a batch are taken back."""

    steps: list[Step] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    before: list[Check] = field(default_factory=list)

    def add(self, step: Step, after: JsonObject, before: JsonObject | None = None) -> None:
        """One more note, in front: what was done last is taken back first."""
        self.steps.insert(0, step)
        self.checks.append(unchanged(after))
        if before is not None:
            self.before.append(unchanged(before))


async def _ask(call: ToolCall, note_ids: list[int]) -> Answer | Elicit[Answer]:
    async def question() -> str:
        titles = await _titles_in_bin(call, [*dict.fromkeys(note_ids)])
        names = [f'"{title}"' for title in titles]
        if not names:
            raise _not_in_bin(note_ids[0])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        what = "1 note" if len(names) == 1 else f"{len(names)} notes"
        return f"Delete {what} in the recycle bin for good? {', '.join(names[:NAMED])}{more}."

    return await asked(call, question)


async def _titles_in_bin(call: ToolCall, note_ids: list[int]) -> list[str]:
    """What those of the notes that lie in the bin are called. Few are read one by one: a bin may be long."""
    if len(note_ids) > NAMED:
        rows = {row["id"]: row for row in await call.notes.rows("notes/deleted/")}
        return [str(rows[number]["title"]) for number in note_ids if number in rows]
    titles = []
    for number in note_ids:
        try:
            titles.append(str((await call.notes.get(f"notes/deleted/{number}/"))["title"]))
        except Refused as refusal:
            if refusal.status != 404:
                raise
    return titles


PurgeConsent = Annotated[Consent, Resolve(_ask)]


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.writing("Move notes to a course", idempotent=True, plain=False)
    async def move_notes(
        call: ToolCall,
        note_ids: NoteIds,
        course_id: Annotated[Id | None, Field(description="Where they go; null takes them out of their courses")],
    ) -> Batch:
        """File several of the user's notes in one course at once. One undo_call takes all of it back."""
        return await _patched(call, note_ids, lambda _: {"course_id": course_id})

    @registry.writing("Set fields of notes", idempotent=True, plain=False)
    async def set_note_fields(
        call: ToolCall,
        note_ids: NoteIds,
        fields: Annotated[
            dict[str, JsonValue],
            Field(description="Fields of the user's own to set; null removes one", examples=[{"tags": ["exam"]}]),
        ],
    ) -> Batch:
        """Set fields such as tags or a status on several of the user's notes at once; other fields and the text stay.
        One undo_call takes all of it back."""
        if len(json.dumps(fields)) > LONGEST:
            message = f"BadArgument: fields: more than {LONGEST} characters. Nothing was changed."
            raise ToolError(message)
        return await _patched(call, note_ids, lambda note: {"custom_meta": _with_fields(note, fields)})

    @registry.writing("Restore notes from the bin", plain=False)
    async def restore_deleted_notes(call: ToolCall, note_ids: NoteIds) -> Batch:
        """Bring several of the user's notes back from the recycle bin at once; they come back private. One undo_call
        takes all of it back."""
        undoing = Undoing()

        async def restore(number: int) -> None:
            after = await call.notes.post(f"notes/{number}/restore/")
            undoing.add(Step(service="notes", method="DELETE", path=f"notes/{number}/"), after)
            call.journal.about(after["title"])

        return await each(call, note_ids, restore, undoing)

    @registry.writing("Delete notes in the bin for good", destructive=True, plain=False)
    async def purge_notes(call: ToolCall, note_ids: NoteIds, consent: PurgeConsent) -> Batch:
        """Delete some notes in the recycle bin for good, with their versions and files; the others stay there. Ask the
        user before you call this."""
        must_agree(consent)

        async def purge(number: int) -> None:
            try:
                await call.notes.delete(f"notes/deleted/{number}/")
            except Refused as refusal:
                raise _not_in_bin(number) if refusal.status == 404 else refusal from None

        return await each(call, note_ids, purge, None)


async def _patched(call: ToolCall, note_ids: Sequence[int], body: Callable[[JsonObject], JsonObject]) -> Batch:
    undoing = Undoing()

    async def patch(number: int) -> None:
        def change(note: JsonObject) -> JsonObject | None:
            fields = body(note)
            return None if all(note[name] == value for name, value in fields.items()) else fields

        before, after = await call.notes.change_made(
            "PATCH", f"notes/{number}/", lambda: own_note(call.notes, number), SEEN, change
        )
        call.journal.about(before["title"])
        if after is not None:
            undoing.add(back_to(before, *body(before)), after, before)

    return await each(call, note_ids, patch, undoing)


async def each(
    call: ToolCall, note_ids: Sequence[int], change: Callable[[int], Awaitable[None]], undoing: Undoing | None
) -> Batch:
    """Change one note after the other while there is time: what was changed is in the answer, and can be taken back.
    When none could be changed, the tool fails with the first reason."""
    numbers = list(dict.fromkeys(note_ids))
    batch = Batch(changed=[], failed=[], remaining=[])
    first: Refused | ToolError | None = None
    for position, number in enumerate(numbers):
        if not call.has_time:
            batch.remaining = numbers[position:]
            break
        try:
            await change(number)
        except ToolError as refusal:
            first = first or refusal
            batch.failed.append(NotDone(note_id=number, error=str(refusal)[:300]))
            if isinstance(refusal, Refused) and refusal.kind == "Unavailable":
                batch.remaining = numbers[position + 1 :]
                break
        else:
            batch.changed.append(number)
            call.journal.touch(note=number)
    if first is not None and not batch.changed:
        raise first
    if undoing is None:
        call.journal.cannot_undo("The notes were removed from the bin for good.")
    elif undoing.steps:
        call.journal.can_undo(*undoing.steps, checks=undoing.checks, before=undoing.before)
    return batch


def _with_fields(note: JsonObject, fields: JsonObject) -> str:
    """The note's own fields with some of them set; what others wrote there and is no object stays."""
    stored = str(note["custom_meta"] or "")
    try:
        known = json.loads(stored) if stored.strip() else {}
    except (ValueError, RecursionError):  # so deep that it cannot be read
        known = None
    if not isinstance(known, dict):
        message = f"BadArgument: the fields of note {note['id']} are not readable; the app has to set them."
        raise ToolError(message)
    merged = {name: value for name, value in {**known, **fields}.items() if value is not None}
    return stored if merged == known else (json.dumps(merged, ensure_ascii=False) if merged else "")


def _not_in_bin(number: int) -> Refused:
    cause = f"the user's recycle bin has no note {number} (list_deleted_notes gives ids)."
    return Refused("NotFound", cause, missing(number).status)
