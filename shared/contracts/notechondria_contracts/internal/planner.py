"""What planner answers other services."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class FrontPageActivity(BaseModel):
    """`GET /internal/front-page/{user_id}` (planner §9): the heatmap and the next deadlines, passed on as they are."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    heatmap: dict[str, JsonValue]
    upcoming_events: list[dict[str, JsonValue]]


OWN_PATH = "/internal/own"
MOST_NAMES = 1000


class PlannerNameQuery(BaseModel):
    """Ids of which a person asks what they are called; others' and unknown ones are left out of the answer."""

    event_ids: Annotated[list[int], Field(max_length=MOST_NAMES)] = []
    feed_ids: Annotated[list[int], Field(max_length=MOST_NAMES)] = []


class PlannerNames(BaseModel):
    """What events and feeds of a person are called."""

    events: dict[int, str]
    feeds: dict[int, str]


class OwnLink(BaseModel):
    """A published calendar, without its address: that is shown once."""

    id: int
    name: str
    include_events: bool
    include_sessions: bool
    include_deadlines: bool
    course: str | None
    """The one course that it is of, "" when that is gone; None for all."""
    alarm_minutes: int | None
    date_created: str
    last_read_at: str | None
    last_read_by: str


class SkippedEntries(BaseModel):
    """Entries of a calendar that cannot be read."""

    count: int
    reason: str | None


class FeedHealth(BaseModel):
    """How the reading of a feed goes."""

    ok: bool
    failing_since: str | None
    last_success: str | None
    next_read: str | None


class OwnFeed(BaseModel):
    """A calendar of others that the person reads here."""

    id: int
    title: str
    source_kind: str
    source_url: str | None
    is_enabled: bool
    course_id: int | None
    last_error: str | None
    entry_count: int
    skipped: SkippedEntries
    health: FeedHealth


class OwnCourse(BaseModel):
    """A course of the person."""

    id: int
    title: str


class OwnCalendars(BaseModel):
    """What a person publishes, what they read, and their courses."""

    links: list[OwnLink]
    feeds: list[OwnFeed]
    courses: list[OwnCourse]


class NewLinkForm(BaseModel):
    """`POST /calendar-links/`."""

    name: str
    include_events: bool
    include_sessions: bool
    include_deadlines: bool
    course_id: int | None
    alarm_minutes: int | None


class LinkMade(BaseModel):
    """A link with its address, shown this once."""

    name: str
    url: str


class FeedAddress(BaseModel):
    """`POST /calendar-feeds/preview/`."""

    source_url: str


class PreviewedEntry(BaseModel):
    """One of the first entries of a calendar."""

    title: str
    starts_at: str


class FeedLook(BaseModel):
    """What a feed of an address would show."""

    ok: bool
    name: str
    count: int
    events: list[PreviewedEntry]
    skipped: SkippedEntries
    error: str


class NewFeedForm(FeedAddress):
    """`POST /calendar-feeds/`, for one that is subscribed to."""

    title: str
    source_kind: str = "S"
    course_id: int | None


class NextEvent(BaseModel):
    """A planner event that is not done."""

    id: int
    title: str
    event_date: str
    starts_at: str


class PlannerOverview(BaseModel):
    """The past year, what comes next, and the titles of feeds that cannot be read."""

    first_day: str
    intensities: list[int]
    """Day by day from the first one on, 0 to 4 for what was written."""
    upcoming: list[NextEvent]
    failing_feeds: list[str]
