"""Pages of lists that REST answers whole: newer clients get `limit` rows from `offset` on, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from mcp_service.tools.arguments import FAR, UNSET, within
from mcp_service.tools.context import ToolCall
from mcp_service.tools.schemas import LATER, ToolResult
from mcp_service.upstream.client import JsonObject


class Paged(ToolResult):
    """Where in a list the rows stand (decision 60)."""

    total: Annotated[int, LATER] = UNSET
    offset: Annotated[int, LATER] = UNSET
    limit: Annotated[int, LATER] = UNSET


def page_of(call: ToolCall, name: str, rows: Sequence[JsonObject], limit: int, offset: int, *, most: int) -> JsonObject:
    """The rows of a page under their name, and the page's words; for plain clients the first `most` rows alone."""
    if call.is_plain:
        return {name: [*rows[:most]]}
    size, start = within(limit, 1, most), within(offset, 0, FAR)
    return {name: [*rows[start : start + size]], "total": len(rows), "offset": start, "limit": size}
