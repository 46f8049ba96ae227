"""Result shapes the tools share (mcp §4)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class NoteBrief(BaseModel):
    """A note without its text."""

    id: int
    uuid: str
    title: str
    description: str
    is_public: bool
    editor_mode: str = Field(description="G markdown, B blocks, P plain text")
    note_type: str = Field(description="N note, C comment")
    course_id: int | None
    last_edit: str
    date_created: str


class BlockBrief(BaseModel):
    """A block of a note."""

    id: int
    block_type: str
    text: str
    args: str


class NoteDetail(NoteBrief):
    """A note with its text."""

    content: str
    metadata_json: str
    blocks: list[BlockBrief]


class NotePage(BaseModel):
    """A page of notes."""

    total: int
    offset: int
    limit: int
    notes: list[NoteBrief]


class NoteDeleted(BaseModel):
    """The note lies in the recycle bin now."""

    deleted: Literal[True] = True
    note_id: int


class EventBrief(BaseModel):
    """A planner event."""

    id: int
    title: str
    event_date: str
    starts_at: str
    ends_at: str
    difficulty_weight: int
    description: str
    course_id: int | None
    is_completed: bool
    recurrence_freq: str
    recurrence_interval: int
    recurrence_end_date: str | None
    recurrence_count: int | None


class EventList(BaseModel):
    """Planner events."""

    events: list[EventBrief]


def _with_offset(text: str) -> str:
    """Moments inside MCP results carry `+00:00` (mcp §3)."""
    return text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text


def _brief_fields(note: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: note[name] for name in ("id", "uuid", "title", "is_public", "editor_mode", "note_type", "course_id")},
        "description": note["description"] or "",
        "last_edit": _with_offset(note["last_edit"]),
        "date_created": _with_offset(note["date_created"]),
    }


def note_brief(note: dict[str, Any]) -> NoteBrief:
    """From a note summary of REST (notes §3.3)."""
    return NoteBrief(**_brief_fields(note))


def note_detail(note: dict[str, Any]) -> NoteDetail:
    """From a note detail of REST (notes §3.4)."""
    blocks = [
        BlockBrief(id=block["id"], block_type=block["block_type"], text=block["text"] or "", args=block["args"] or "")
        for block in note["blocks"]
    ]
    return NoteDetail(
        **_brief_fields(note), content=note["content"], metadata_json=note["metadata_json"], blocks=blocks
    )


def event_brief(event: dict[str, Any]) -> EventBrief:
    """From an event payload of REST (planner §2.3), without `completed_at`."""
    return EventBrief.model_validate(event)
