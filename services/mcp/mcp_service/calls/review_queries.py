"""Reads of the agents' log for the pages of its owner."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Boolean, DateTime, String

from mcp_service.calls.queries import SHOWN, LoggedCall
from mcp_service.models import Call, UndoRun
from notechondria_shared.db.reader import prepare

_USER = bindparam("user_id", type_=BigInteger())
_KEY = bindparam("key_id", type_=BigInteger())
_PROGRAMS = bindparam("program_ids", type_=ARRAY(BigInteger()))
_TOOL = bindparam("tool", type_=String())
_OUTCOME = bindparam("outcome", type_=String())
_CHANGES = bindparam("changes_only", type_=Boolean())
_CAN_UNDO = bindparam("can_undo", type_=Boolean())
_UNDONE = bindparam("undone", type_=Boolean())
_SINCE = bindparam("since", type_=DateTime(timezone=True))
_UNTIL = bindparam("until", type_=DateTime(timezone=True))
_BEFORE = bindparam("before", type_=BigInteger())
_IDS = bindparam("ids", type_=ARRAY(BigInteger()))

_MATCHING = and_(
    Call.user_id == _USER,
    or_(_KEY.is_(None), Call.key_id == _KEY),
    or_(_PROGRAMS.is_(None), Call.program_id == func.any(_PROGRAMS)),
    or_(_TOOL.is_(None), Call.tool == _TOOL),
    or_(_OUTCOME.is_(None), Call.outcome == _OUTCOME),
    or_(~_CHANGES, Call.is_change),
    or_(~_CAN_UNDO, and_(Call.undo.is_not(None), Call.undone_at.is_(None))),
    or_(~_UNDONE, Call.undone_at.is_not(None)),
    or_(_SINCE.is_(None), Call.called_at >= _SINCE),
    or_(_UNTIL.is_(None), Call.called_at < _UNTIL),
    or_(_BEFORE == 0, Call.id < _BEFORE),
)


@dataclass(slots=True)
class StoredChecks:
    """What must hold when a call is taken back; the values that it would bring back are left where they are."""

    id: int
    checks: list[object] | None
    before: list[object] | None


@dataclass(slots=True)
class ActivityRow:
    """What came with one key, or through one connection."""

    key_id: int | None
    program_id: int | None
    client: str
    calls: int
    changes: int
    undone: int


@dataclass(slots=True)
class RunRow:
    """Calls that are taken back together."""

    id: int
    call_ids: list[int]
    refusals: list[str]
    is_done: bool
    is_lost: bool


PAGE = prepare(
    select(*SHOWN).where(_MATCHING).order_by(Call.id.desc()).limit(bindparam("page_limit", type_=BigInteger())),
    LoggedCall,
)
SELECTED = prepare(
    select(*SHOWN).where(Call.user_id == _USER, Call.id == func.any(_IDS)).order_by(Call.id.desc()), LoggedCall
)
CHECKS = prepare(
    select(Call.id, Call.undo["checks"].label("checks"), Call.undo["before"].label("before")).where(
        Call.user_id == _USER, Call.id == func.any(_IDS)
    ),
    StoredChecks,
)
ACTIVITY = prepare(
    select(
        Call.key_id,
        Call.program_id,
        func.max(Call.client).label("client"),
        func.count().label("calls"),
        func.count().filter(Call.is_change, Call.outcome == "ok").label("changes"),
        func.count(Call.undone_at).label("undone"),
    )
    .where(Call.user_id == _USER, Call.called_at >= _SINCE)
    .group_by(Call.key_id, Call.program_id)
    .order_by(func.count().desc()),
    ActivityRow,
)
RUN = prepare(
    select(
        UndoRun.id,
        UndoRun.call_ids,
        UndoRun.refusals,
        UndoRun.is_done,
        (UndoRun.seen_at < bindparam("lost_before", type_=DateTime(timezone=True))).label("is_lost"),
    ).where(UndoRun.user_id == _USER, UndoRun.id == bindparam("run_id", type_=BigInteger())),
    RunRow,
)
