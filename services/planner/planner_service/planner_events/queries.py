"""Reads of planner events (planner §2.1)."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, select

from notechondria_shared.db import prepare
from planner_service.models import PlannerEvent
from planner_service.planner_events.payload import COLUMNS

_OWN = select(*COLUMNS).where(PlannerEvent.user_id == bindparam("user_id"))
_LISTED = _OWN.order_by(PlannerEvent.event_date, PlannerEvent.title, PlannerEvent.id).limit(
    bindparam("limit", type_=BigInteger)
)

ONE = prepare(_OWN.where(PlannerEvent.id == bindparam("event_id")))
OPEN = prepare(_LISTED.where(~PlannerEvent.is_completed))
ALL = prepare(_LISTED)
