"""The agents' log on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none
from notechondria_shared.db.tables import Row


class CallRow(BaseModel):
    """A tool call of an agent. `touched` holds ids by kind; `undo_refusal` says why it cannot be taken back."""

    id: int
    called_at: str
    tool: str
    is_change: bool
    arguments: dict[str, Any]
    outcome: str
    error: str
    duration_ms: int
    key_id: int | None
    client: str
    touched: dict[str, list[int]]
    can_undo: bool
    undo_refusal: str
    undone_at: str | None


class CallPage(BaseModel):
    """A page of the log, newest first."""

    results: list[CallRow]
    total: int
    offset: int
    limit: int
    has_more: bool


class UndoneCall(BaseModel):
    """The call was taken back."""

    id: int
    tool: str
    undone: bool


def call_row(row: Row) -> dict[str, Any]:
    """A row of `queries` as `CallRow`."""
    undone = row["undone_at"] is not None
    return {
        **{
            name: row[name]
            for name in (
                "id",
                "tool",
                "is_change",
                "arguments",
                "outcome",
                "error",
                "duration_ms",
                "key_id",
                "client",
                "touched",
            )
        },
        "called_at": iso_offset(row["called_at"]),
        "can_undo": row["has_undo"] and not undone,
        "undo_refusal": "It was taken back." if undone else row["final_reason"],
        "undone_at": iso_offset_or_none(row["undone_at"]),
    }
