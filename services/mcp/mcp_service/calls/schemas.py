"""The agents' log on the wire."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel

from mcp_service.calls.queries import LoggedCall
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none


class CallRow(BaseModel):
    """A tool call of an agent. `touched` holds ids by kind; `undo_refusal` says why it cannot be taken back."""

    id: int
    called_at: str
    tool: str
    is_change: bool
    arguments: dict[str, object]
    outcome: str
    error: str
    duration_ms: int
    key_id: int | None
    client: str
    touched: dict[str, list[int]]
    can_undo: bool
    undo_refusal: str
    undone_at: str | None

    @classmethod
    def of(cls, call: LoggedCall) -> Self:
        """A call of the log."""
        undone = call.undone_at is not None
        return cls(
            id=call.id,
            called_at=iso_offset(call.called_at),
            tool=call.tool,
            is_change=call.is_change,
            arguments={**call.arguments},
            outcome=call.outcome,
            error=call.error,
            duration_ms=call.duration_ms,
            key_id=call.key_id,
            client=call.client,
            touched=call.touched,
            can_undo=call.has_undo and not undone,
            undo_refusal="It was taken back." if undone else call.final_reason,
            undone_at=iso_offset_or_none(call.undone_at),
        )


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


class CallData(BaseModel):
    """What this service stores of a user."""

    calls: list[CallRow]


class UserExport(BaseModel):
    """The part of this service in the export of an account."""

    service: Literal["mcp"] = "mcp"
    data: CallData
    files: list[str] = []
