"""Reads of the activity week (planner §6): four statements of its own, one of the feeds', whatever it holds."""

from __future__ import annotations

from sqlalchemy import Date, DateTime, bindparam, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement

from notechondria_shared.db import prepare
from planner_service.models import NoteSession, PlannerEvent
from planner_service.note_sessions.queries import VISIBLE, SessionRow
from planner_service.planner_events.queries import COLUMNS, EventRow

MOST_DEADLINES = 40
MOST_COMPLETED = 40

# Written out, not bound: only so does a generic plan see that the partial indexes fit.
_NONE: ColumnElement[str] = literal_column("'N'")
_OWN = select(*COLUMNS).where(PlannerEvent.user_id == bindparam("user_id"))
_SHOWN = _OWN.where(~PlannerEvent.is_completed)
_SINGLE = _SHOWN.where(PlannerEvent.recurrence_freq == _NONE)

_FIRST, _LAST = bindparam("first", type_=Date), bindparam("last", type_=Date)

# The grid's, and the completed ones that end the list of deadlines (planner §12.2), series among them.
EVENTS_OF_WINDOW = prepare(
    _OWN.where(
        PlannerEvent.event_date.between(_FIRST, _LAST),
        or_(PlannerEvent.recurrence_freq == _NONE, PlannerEvent.is_completed),
    ).order_by(PlannerEvent.event_date, PlannerEvent.title, PlannerEvent.id),
    EventRow,
)
# For the grid and the deadlines alike: every series that may have an occurrence from `first` to `last`.
SERIES = prepare(
    _SHOWN.where(
        PlannerEvent.recurrence_freq != _NONE,
        PlannerEvent.event_date <= _LAST,
        or_(PlannerEvent.recurrence_end_date.is_(None), PlannerEvent.recurrence_end_date >= _FIRST),
    ).order_by(PlannerEvent.event_date, PlannerEvent.title, PlannerEvent.id),
    EventRow,
)
DEADLINES = prepare(
    _SINGLE.where(PlannerEvent.event_date >= bindparam("today", type_=Date))
    .order_by(PlannerEvent.starts_at, PlannerEvent.event_date, PlannerEvent.title, PlannerEvent.id)
    .limit(MOST_DEADLINES),
    EventRow,
)
SESSIONS = prepare(
    VISIBLE.where(
        NoteSession.started_at.between(
            bindparam("start", type_=DateTime(timezone=True)), bindparam("end", type_=DateTime(timezone=True))
        )
    ).order_by(NoteSession.started_at, NoteSession.id),
    SessionRow,
)
