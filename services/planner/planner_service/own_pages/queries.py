"""Reads for the pages on which people see what is theirs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from notechondria_shared.db import prepare
from planner_service.models import CalendarFeed, PlannerEvent

_USER = bindparam("user_id", type_=BigInteger)
_IDS = bindparam("ids", type_=ARRAY(BigInteger))


@dataclass(slots=True)
class Named:
    """An event or a feed by its title."""

    id: int
    title: str


EVENT_NAMES = prepare(
    select(PlannerEvent.id, PlannerEvent.title).where(PlannerEvent.user_id == _USER, PlannerEvent.id == any_(_IDS)),
    Named,
)
FEED_NAMES = prepare(
    select(CalendarFeed.id, CalendarFeed.title).where(CalendarFeed.user_id == _USER, CalendarFeed.id == any_(_IDS)),
    Named,
)
