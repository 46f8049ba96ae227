"""Times of calendars that name no zone: what the clock shows where the person is (planner §5.3, decision 57)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, case, func, literal_column, select

from notechondria_shared.core.zones import zone_named
from notechondria_shared.db import prepare_scalar
from planner_service.models import AccountState, CalendarOccurrence

MOST_AWAY = timedelta(days=1)
"""No zone is further away from UTC."""
ZONE = prepare_scalar(select(AccountState.timezone).where(AccountState.user_id == bindparam("user_id")), str)
_zone = func.coalesce(
    select(func.nullif(AccountState.timezone, ""))
    .where(AccountState.user_id == bindparam("user_id"))
    .scalar_subquery(),
    literal_column("'UTC'"),
)


def shown(at: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """A time of an occurrence, for the person `user_id`."""
    on_the_clock = func.timezone(literal_column("'UTC'"), at)
    return case((CalendarOccurrence.is_floating, func.timezone(_zone, on_the_clock)), else_=at)


def in_zone(at: datetime, name: str | None) -> datetime:
    """What `shown` does, for a floating time that was not stored."""
    return at.replace(tzinfo=zone_named(name)).astimezone(UTC)
