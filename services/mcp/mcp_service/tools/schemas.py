"""Results of the tools (mcp §4, §5): models that are validated from the answers of REST."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mcp_service.tools.arguments import UNSET
from mcp_service.tools.context import ToolCall
from mcp_service.tools.forms import ADDED
from mcp_service.upstream.client import JsonObject


def with_offset(text: str) -> str:
    """A timestamp of REST as MCP results have it: with `+00:00` (mcp §3)."""
    return text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text


def _empty_for_null(value: object) -> object:
    return "" if value is None else value


Timestamp = Annotated[str, AfterValidator(with_offset)]
NullableText = Annotated[str, BeforeValidator(_empty_for_null)]
"""A text that REST may answer as null: empty in results."""


LATER = Field(default=UNSET, json_schema_extra=ADDED)
"""A key of a result that plain clients do not get (decision 60)."""


class ToolResult(BaseModel):
    """A part of a result; keys of REST that are not named are left behind."""

    model_config = ConfigDict(extra="ignore")

    @classmethod
    def list_of(cls, rows: Iterable[JsonObject]) -> list[Self]:
        """One result for each row of REST."""
        return [cls.model_validate(row) for row in rows]


class NoteBrief(ToolResult):
    """A note without its text (notes §3.3)."""

    id: int
    uuid: str
    title: str
    description: NullableText
    is_public: bool
    editor_mode: str
    note_type: str
    course_id: int | None
    last_edit: Timestamp
    date_created: Timestamp


class BlockBrief(ToolResult):
    """A block of a note."""

    id: int
    block_type: str
    text: NullableText
    args: NullableText


class NoteDetail(NoteBrief):
    """A note with its text (notes §3.4). Newer clients get the text alone, by lines, or without `format` nothing of
    it where they have just written it themselves (decision 60)."""

    content: str = UNSET
    metadata_json: str = UNSET
    blocks: list[BlockBrief] = UNSET
    total_lines: Annotated[int, LATER] = UNSET
    offset: Annotated[int, LATER] = UNSET
    lines: Annotated[int, LATER] = UNSET
    more: Annotated[str, LATER] = UNSET
    deleted: Annotated[bool, LATER] = UNSET

    @classmethod
    def written(cls, call: ToolCall, row: JsonObject) -> Self:
        """The answer of a tool that wrote the note: the whole of it only where that is asked for."""
        return cls.model_validate(row if call.is_whole else NoteBrief.model_validate(row).model_dump())


class CourseBrief(ToolResult):
    """A course (notes §3.2)."""

    id: int
    title: str
    slug: str
    description: NullableText
    icon: int | None
    is_default: bool


class EventBrief(ToolResult):
    """A planner event (planner §2.3), without `completed_at`."""

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
    """A calendar feed (planner §3.3), never its pasted text."""

    id: int
    title: str
    source_kind: str
    source_url: NullableText
    is_enabled: bool
    course_id: int | None
    last_sync: Timestamp | None


class NoteList(ToolResult):
    """Notes."""

    notes: list[NoteBrief]
