"""Reading the text of a note in parts (decision 60)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from mcp_service.tools import note_text
from mcp_service.tools.arguments import FAR, UNSET, Whole, within
from mcp_service.tools.context import ToolCall
from mcp_service.tools.forms import ADDED, added
from mcp_service.tools.schemas import NoteBrief, NoteDetail
from mcp_service.tools.sizes import MOST_CHARACTERS, NOTICE, beginning, length
from mcp_service.upstream.client import JsonObject

Format = Annotated[
    Literal["markdown", "full"],
    Field(description="full: the whole text, with blocks and metadata", json_schema_extra=ADDED),
]
Skipped = Annotated[Whole, Field(description="Lines to skip", json_schema_extra=ADDED)]
Lines = Annotated[Whole, Field(description="Lines at most", json_schema_extra=ADDED)]
Section = Annotated[
    str, Field(description="Only the part below this heading", json_schema_extra=added("Open questions"))
]


@dataclass(frozen=True, slots=True)
class Window:
    """Which lines of a text are read: of the whole, or of the section with this heading."""

    offset: int
    limit: int
    """`UNSET`: as many as there is room for."""
    section: str
    """`UNSET`: all of the text."""


def read(call: ToolCall, row: JsonObject, tool: str, window: Window) -> NoteDetail:
    """The answer of a tool that reads a note: whole, or as much of its text as an agent reads at once."""
    if call.is_whole:
        return NoteDetail.model_validate(row)
    brief = NoteBrief.model_validate(row).model_dump()
    lines = str(row["content"]).split("\n")
    first, end = (0, len(lines)) if window.section is UNSET else note_text.section(lines, window.section)
    start = min(first + within(window.offset, 0, FAR), end)
    most = end if window.limit is UNSET else min(start + within(window.limit, 1, FAR), end)
    room = MOST_CHARACTERS - NOTICE - length(brief) - 100
    stop = start
    while stop < most and (room := room - length(lines[stop]) - 1) > 0:
        stop += 1
    named = "" if window.section is UNSET else f", section={window.section!r}"
    more: JsonObject = {"deleted": True} if "deleted" in row else {}
    if stop < most and stop == start:
        # One line that no answer holds: what there is room for, and where to find the rest.
        stop = start + 1
        room = MOST_CHARACTERS - NOTICE - length(brief) - 100
        lines[start] = beginning(lines[start], room)
        behind = f" Call {tool} again with offset={stop - first}{named} for what is behind it." if stop < end else ""
        more["more"] = f"Line {stop} is too long for an answer and was cut; format=full has all of it.{behind}"
    if stop < end and "more" not in more:
        more["more"] = (
            f"Lines {start + 1} to {stop} of {len(lines)}; call {tool} again with offset={stop - first}{named}."
        )
    part = "\n".join(lines[start:stop])
    return NoteDetail.model_validate(
        {**brief, "content": part, "total_lines": len(lines), "offset": start - first, "lines": stop - start, **more}
    )
