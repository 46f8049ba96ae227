"""The agents' log on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import BaseModel

from mcp_service.calls.queries import LoggedCall
from notechondria_contracts.fields import Id
from notechondria_contracts.fields.rules import TRUE_VALUES
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none
from notechondria_shared.web.body import SmallBody
from notechondria_shared.web.query import QueryChoice, QueryFlag, QueryInteger, QueryText, QueryTimestamp

MOST = 200
DEFAULT = 50
"""Rows of a page."""
Outcome = Literal["ok", "error"]

ToolFilter = Annotated[str, QueryText(), Query(description="Only calls of this tool.")]
OutcomeFilter = Annotated[
    Outcome | None, QueryChoice(("ok", "error"), strict=True), Query(description="Only calls that ended this way.")
]
KeyFilter = Annotated[int | None, QueryInteger(), Query(description="Only calls with this API key, by its id.")]
ProgramFilter = Annotated[
    int | None, QueryInteger(), Query(description="Only calls through this connection of a program, by its id.")
]
ClientFilter = Annotated[str, QueryText(), Query(description="Only calls of the client with this name.")]
ChangesOnly = Annotated[
    bool | None, QueryFlag(TRUE_VALUES), Query(description="1 or true: only calls that change something.")
]
Since = Annotated[datetime | None, QueryTimestamp(), Query(description="Only calls from this time on, ISO 8601.")]
Until = Annotated[datetime | None, QueryTimestamp(), Query(description="Only calls before this time, ISO 8601.")]
Limit = Annotated[
    int | None, QueryInteger(maximum=MOST), Query(description=f"Rows at most, 1 to {MOST}; default {DEFAULT}.")
]
Offset = Annotated[int | None, QueryInteger(minimum=0), Query(description="How many rows to skip.")]


class CallRow(BaseModel):
    """A tool call of an agent. `summary` says in words what it was about, and is empty for old calls. `touched` holds
    ids by kind; `undo_refusal` says why it cannot be taken back."""

    id: int
    called_at: str
    tool: str
    is_change: bool
    arguments: dict[str, object]
    outcome: str
    error: str
    duration_ms: int
    key_id: int | None
    program_id: int | None
    """Of a call by a program with an access token: the connection that it came through."""
    client: str
    client_name: str
    client_version: str
    summary: str
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
            program_id=call.program_id,
            client=call.client,
            client_name=call.client_name,
            client_version=call.client_version,
            summary=call.summary,
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


class UndoRange(SmallBody):
    """`POST /mcp/calls/undo/`: the first and the last call of a range, by their ids."""

    first: Annotated[int, Id()]
    last: Annotated[int, Id()]


class KeptCall(BaseModel):
    """A change in a range that was not taken back, and why."""

    id: int
    tool: str
    reason: str


class UndoneRange(BaseModel):
    """The changes of a range that were taken back, newest first, and those that were not. `stopped` is empty, or why
    none of those before was tried."""

    undone: list[int]
    kept: list[KeptCall]
    stopped: str


class CallData(BaseModel):
    """What this service stores of a user."""

    calls: list[CallRow]


class UserExport(BaseModel):
    """The part of this service in the export of an account."""

    service: Literal["mcp"] = "mcp"
    data: CallData
    files: list[str] = []
