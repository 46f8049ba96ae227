"""Reads of the heatmap (planner §7): one row per day."""

from __future__ import annotations

from sqlalchemy import Date, bindparam, func, select

from notechondria_shared.database import prepare
from planner_service.models import CREATED, Activity, PlannerEvent

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
    .group_by(Activity.activity_date)
)
PLANNED = prepare(
    select(PlannerEvent.event_date.label("day"), func.sum(PlannerEvent.difficulty_weight).label("weight"))
    .where(
        PlannerEvent.user_id == bindparam("user_id"),
        PlannerEvent.event_date.between(bindparam("today", type_=Date), bindparam("last", type_=Date)),
    )
    .group_by(PlannerEvent.event_date)
)
