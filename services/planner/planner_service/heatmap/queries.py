"""What the heatmap is drawn from (planner §7): kept as the events of notes bring it, read as one row per day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Date, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from notechondria_shared.db import prepare, prepare_command
from notechondria_shared.db.arrays import unnested
from planner_service.models import CREATED, PURGED, Activity, NoteRef, PlannerEvent


@dataclass(slots=True)
class WrittenDay:
    """A day on which notes were written."""

    day: date
    notes: int
    most_words: int


@dataclass(slots=True)
class PlannedDay:
    """A day for which something is planned."""

    day: date
    weight: Decimal


WRITTEN = prepare(
    select(
        Activity.activity_date.label("day"),
        func.count().label("notes"),
        func.max(Activity.word_count).label("most_words"),
    )
    .where(
        Activity.user_id == bindparam("user_id"),
        Activity.activity_type == CREATED,
        Activity.activity_date.between(bindparam("first", type_=Date), bindparam("today", type_=Date)),
    )
    .group_by(Activity.activity_date),
    WrittenDay,
)
PLANNED = prepare(
    select(PlannerEvent.event_date.label("day"), func.sum(PlannerEvent.difficulty_weight).label("weight"))
    .where(
        PlannerEvent.user_id == bindparam("user_id"),
        PlannerEvent.event_date.between(bindparam("today", type_=Date), bindparam("last", type_=Date)),
    )
    .group_by(PlannerEvent.event_date),
    PlannedDay,
)
_KEPT = {
    name: bindparam(name, type_=getattr(Activity, name).type, required=True)
    for name in ("activity_id", "user_id", "note_id", "course_id", "activity_type", "activity_date", "word_count")
}
_purged = exists().where(NoteRef.note_id == _KEPT["note_id"], NoteRef.state == PURGED)
INSERT_ACTIVITY = prepare_command(
    upsert(Activity).from_select(list(_KEPT), select(*_KEPT.values()).where(~_purged)).on_conflict_do_nothing()
)
"""Words written, kept once, unless the note is purged by now."""
_sent = unnested(Activity, tuple(_KEPT))
INSERT_ACTIVITIES = prepare_command(
    upsert(Activity)
    .from_select(
        list(_KEPT),
        select(*(_sent.c[name] for name in _KEPT)).where(
            ~exists().where(NoteRef.note_id == _sent.c.note_id, NoteRef.state == PURGED)
        ),
    )
    .on_conflict_do_nothing()
)
"""The same for many, an array for each column."""
