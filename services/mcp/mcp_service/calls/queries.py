"""Reads of the agents' log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.types import BigInteger, Boolean, DateTime, String

from mcp_service.models import Call
from notechondria_shared.db.reader import prepare, prepare_scalar

_USER = bindparam("user_id", type_=BigInteger())
_TOOL = bindparam("tool", type_=String())
_OUTCOME = bindparam("outcome", type_=String())
_KEY = bindparam("key_id", type_=BigInteger())
_PROGRAM = bindparam("program_id", type_=BigInteger())
_CLIENT = bindparam("client", type_=String())
_FIRST = bindparam("first_id", type_=BigInteger())
_LAST = bindparam("last_id", type_=BigInteger())
_CHANGES = bindparam("changes_only", type_=Boolean())
_SINCE = bindparam("since", type_=DateTime(timezone=True))
_UNTIL = bindparam("until", type_=DateTime(timezone=True))

_MATCHING = and_(
    Call.user_id == _USER,
    or_(_TOOL.is_(None), Call.tool == _TOOL),
    or_(_OUTCOME.is_(None), Call.outcome == _OUTCOME),
    or_(_KEY.is_(None), Call.key_id == _KEY),
    or_(_PROGRAM.is_(None), Call.program_id == _PROGRAM),
    or_(_CLIENT.is_(None), Call.client_name == _CLIENT),
    or_(_FIRST.is_(None), Call.id >= _FIRST),
    or_(_LAST.is_(None), Call.id <= _LAST),
    or_(~_CHANGES, Call.is_change),
    or_(_SINCE.is_(None), Call.called_at >= _SINCE),
    or_(_UNTIL.is_(None), Call.called_at < _UNTIL),
)

SHOWN = (
    Call.id,
    Call.key_id,
    Call.program_id,
    Call.client,
    Call.client_name,
    Call.client_version,
    Call.tool,
    Call.summary,
    Call.is_change,
    Call.arguments,
    Call.outcome,
    Call.error,
    Call.duration_ms,
    Call.touched,
    Call.undo.is_not(None).label("has_undo"),
    Call.final_reason,
    Call.called_at,
    Call.undone_at,
)


@dataclass(slots=True)
class LoggedCall:
    """A call as the log shows it."""

    id: int
    key_id: int | None
    program_id: int | None
    client: str
    client_name: str
    client_version: str
    tool: str
    summary: str
    is_change: bool
    arguments: dict[str, JsonValue]
    outcome: str
    error: str
    duration_ms: int
    touched: dict[str, list[int]]
    has_undo: bool
    final_reason: str
    called_at: datetime
    undone_at: datetime | None


@dataclass(slots=True)
class AgentCalls:
    """How many calls came with a key, or through a connection of a program."""

    key_id: int | None
    program_id: int | None
    calls: int


COUNT = prepare_scalar(select(func.count()).select_from(Call).where(_MATCHING), int)
PAGE = prepare(
    select(*SHOWN)
    .where(_MATCHING)
    .order_by(Call.id.desc())
    .limit(bindparam("page_limit", type_=BigInteger()))
    .offset(bindparam("page_offset", type_=BigInteger())),
    LoggedCall,
)
BY_AGENT = prepare(
    select(Call.key_id, Call.program_id, func.count().label("calls"))
    .where(Call.user_id == _USER)
    .group_by(Call.key_id, Call.program_id),
    AgentCalls,
)
ALL = prepare(select(*SHOWN).where(Call.user_id == _USER).order_by(Call.id), LoggedCall)
