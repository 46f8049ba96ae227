"""Result shapes of the tools (mcp §4, §5), and how they are made from the answers of REST."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Row = dict[str, Any]


class ToolResult(BaseModel):
    """A part of a result; keys of REST that are not named are left behind."""

    model_config = ConfigDict(extra="ignore")


class NoteBrief(ToolResult):
    """A note without its text."""

    id: int
    uuid: str
    title: str
    description: str
    is_public: bool
    editor_mode: str
    note_type: str
    course_id: int | None
    last_edit: str
    date_created: str


class BlockBrief(ToolResult):
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


class CourseBrief(ToolResult):
    """A course."""

    id: int
    title: str
    slug: str
    description: str
    icon: int | None
    is_default: bool


class EventBrief(ToolResult):
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


class Session(ToolResult):
    """A work session on a note."""

    id: int
    title: str
    kind: Literal["note_session"]
    note_id: int
    course_id: int | None
    summary: str
    starts_at: str
    ends_at: str


class FeedBrief(ToolResult):
    """A calendar feed, never its pasted text."""

    id: int
    title: str
    source_kind: str
    source_url: str
    is_enabled: bool
    course_id: int | None
    last_sync: str | None


class NoteList(ToolResult):
    """Notes."""

    notes: list[NoteBrief]


def with_offset(text: str) -> str:
    """Moments inside MCP results carry `+00:00` (mcp §3)."""
    return text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text


def _brief_fields(note: Row) -> Row:
    return {
        **note,
        "description": note["description"] or "",
        "last_edit": with_offset(note["last_edit"]),
        "date_created": with_offset(note["date_created"]),
    }


def note_brief(note: Row) -> NoteBrief:
    """From a note summary of REST (notes §3.3)."""
    return NoteBrief(**_brief_fields(note))


def note_detail(note: Row) -> NoteDetail:
    """From a note detail of REST (notes §3.4)."""
    blocks = [{**block, "text": block["text"] or "", "args": block["args"] or ""} for block in note["blocks"]]
    return NoteDetail(**{**_brief_fields(note), "blocks": blocks})


def course_fields(course: Row) -> Row:
    """The keys of a CourseBrief from a course of REST (notes §3.2)."""
    return {**course, "description": course["description"] or ""}


def course_brief(course: Row) -> CourseBrief:
    """From a course of REST (notes §3.2)."""
    return CourseBrief(**course_fields(course))


def event_brief(event: Row) -> EventBrief:
    """From an event payload of REST (planner §2.3), without `completed_at`."""
    return EventBrief(**event)


def feed_brief(feed: Row) -> FeedBrief:
    """From a feed payload of REST (planner §3.3)."""
    last_sync = feed["last_sync"]
    return FeedBrief(
        **{
            **feed,
            "source_url": feed["source_url"] or "",
            "last_sync": None if last_sync is None else with_offset(last_sync),
        }
    )
