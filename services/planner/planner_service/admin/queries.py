"""What the administration shows of events and feeds."""

from __future__ import annotations

from sqlalchemy import func, select

from notechondria_shared.db.listing import SearchableList
from planner_service.models import CalendarFeed, CalendarSource, PlannerEvent

EVENTS = SearchableList(
    select(
        PlannerEvent.id,
        PlannerEvent.user_id,
        PlannerEvent.title,
        PlannerEvent.starts_at,
        PlannerEvent.ends_at,
        PlannerEvent.is_completed,
        PlannerEvent.recurrence_freq,
        PlannerEvent.course_id,
        PlannerEvent.date_created,
        PlannerEvent.last_edit,
    ),
    key=PlannerEvent.id.expression,
    searched=(PlannerEvent.title.expression,),
    owner=PlannerEvent.user_id.expression,
)
# Of the address only the host: what follows may be the key to somebody's private calendar.
FEEDS = SearchableList(
    select(
        CalendarFeed.id,
        CalendarFeed.user_id,
        CalendarFeed.title,
        CalendarFeed.source_kind,
        func.coalesce(func.substring(CalendarFeed.source_url, r"^\w+://(?:[^/?#@]*@)?([^/?#@]+)"), "").label("host"),
        CalendarFeed.is_enabled,
        CalendarFeed.source_id,
        CalendarFeed.course_id,
        func.coalesce(CalendarSource.entry_count, 0).label("entry_count"),
        CalendarSource.last_sync,
        CalendarSource.last_error,
        CalendarFeed.date_created,
        CalendarFeed.last_edit,
    ).outerjoin(CalendarSource, CalendarSource.id == CalendarFeed.source_id),
    key=CalendarFeed.id.expression,
    searched=(CalendarFeed.title.expression,),
    owner=CalendarFeed.user_id.expression,
)
