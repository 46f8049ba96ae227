"""What mcp answers other services about the agents' log."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

CALLS_PATH = "/internal/calls"
CALLS_OF_PROGRAMS_PATH = "/internal/calls/of-programs"
MOST_UNDONE = 50
"""Calls that are taken back by one request."""
CallIds = Annotated[list[int], Field(min_length=1, max_length=MOST_UNDONE)]
CallOutcome = Literal["", "ok", "error", "undone"]
CallState = Literal["running", "done", "interrupted"]


class CallsOfPrograms(BaseModel):
    """How many calls of tools came through each connection of a person's programs, while the log keeps them."""

    counts: dict[int, int]
    of_keys: dict[int, int] = {}
    """The same of API keys."""


class CallQuery(BaseModel):
    """Which calls of a person to list, the newest first; what is empty leaves nothing out."""

    key_id: int | None = None
    program_ids: Annotated[list[int], Field(max_length=200)] = []
    """Connections of a program."""
    tool: str = ""
    outcome: CallOutcome = ""
    changes_only: bool = False
    can_undo: bool = False
    """Only calls that can be taken back and were not."""
    since: str | None = None
    until: str | None = None
    """ISO 8601; calls before this time."""
    before: int = 0
    """Calls older than the one with this id; 0: the newest."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class LoggedCall(BaseModel):
    """A call of the log; `undo_refusal` says why it cannot be taken back."""

    id: int
    called_at: str
    tool: str
    is_change: bool
    arguments: dict[str, JsonValue]
    outcome: str
    error: str
    duration_ms: int
    key_id: int | None
    program_id: int | None
    client: str
    client_name: str
    client_version: str
    touched: dict[str, list[int]]
    can_undo: bool
    undo_refusal: str
    undone_at: str | None


class CallLogPage(BaseModel):
    """Calls of the log, the newest first, and whether there are older ones."""

    calls: list[LoggedCall]
    more: bool


class CallSelection(BaseModel):
    """Calls to be taken back. mcp acts under the assertions of who asks, one for each service."""

    ids: CallIds
    assertions: dict[str, str]


class UndoOutcome(BaseModel):
    """A call, and why it is not taken back; "" when it is, or can be."""

    call: LoggedCall
    refusal: str


class UndoPreview(BaseModel):
    """What would become of a selection, the newest call first; calls that are not the person's are left out."""

    outcomes: list[UndoOutcome]


class UndoRun(BaseModel):
    """Calls that are being taken back, one after the other, the newest first."""

    id: int
    state: CallState
    total: int
    outcomes: list[UndoOutcome]


class AgentActivity(BaseModel):
    """What came with one key, or through one connection, in some days."""

    key_id: int | None
    program_id: int | None
    client: str
    calls: int
    changes: int
    undone: int


class AgentWeek(BaseModel):
    """What agents did since a day, the busiest first."""

    agents: list[AgentActivity]
