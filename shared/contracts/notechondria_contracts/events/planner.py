"""Events published by planner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from notechondria_contracts.events.event import IntegrationEvent


class PlannerEventState(IntegrationEvent):
    """A planner event as live streams and the agents' log see it."""

    personal: ClassVar[Mapping[str, str]] = {"title": ""}
    event_id: int
    user_id: int
    title: str
    event_date: date
    course_id: int | None
    is_completed: bool

    @property
    def aggregate(self) -> str:
        return f"planner-events/{self.event_id}"


class PlannerEventCreated(PlannerEventState):
    """A planner event exists."""

    subject: ClassVar[str] = "planner.event.created"
    creates: ClassVar[bool] = True


class PlannerEventUpdated(PlannerEventState):
    """A planner event changed, was moved, completed or reopened."""

    subject: ClassVar[str] = "planner.event.updated"


class PlannerEventDeleted(PlannerEventState):
    """A planner event is gone."""

    subject: ClassVar[str] = "planner.event.deleted"


class NoteSessionOpened(IntegrationEvent):
    """Somebody works on a note of theirs; its only event, hence its first revision."""

    subject: ClassVar[str] = "planner.session.opened"
    creates: ClassVar[bool] = True
    session_id: int
    note_id: int
    user_id: int
    started_at: datetime

    @property
    def aggregate(self) -> str:
        return f"note-sessions/{self.session_id}"


class FeedDeleted(IntegrationEvent):
    """A calendar feed is gone."""

    subject: ClassVar[str] = "planner.feed.deleted"
    feed_id: int
    user_id: int

    @property
    def aggregate(self) -> str:
        return f"calendar-feeds/{self.feed_id}"
