"""Calendar feeds on the wire (planner §3.2, §3.3, §12.4)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel

from notechondria_contracts.fields import Boolean, Choice, Id, Text, validation_messages
from notechondria_contracts.fields.formats import IsoTimestamp
from notechondria_contracts.fields.rules import JsonSchema, Rule, refuse
from notechondria_shared.web import Body
from notechondria_shared.web.body import TEXT_LIMIT, SmallBody, example
from planner_service.calendar_feeds.urls import LONGEST, normalised, web_address
from planner_service.models import IMPORTED, SUBSCRIBED

Title = Text(max_length=120)
Kind = Choice((IMPORTED, SUBSCRIBED))
SourceKind = Literal["I", "S"]
"""Imported once, or subscribed to (planner §1.2)."""
Ical = Text(blank=True)
CourseId = Id(null=True)


class Address(Rule):
    """An address of a calendar, "" for none, in the form it is fetched in (planner §4)."""

    null = False

    def convert(self, value: object) -> str:
        """The normalised address."""
        text = Text(max_length=LONGEST, blank=True).convert(value)
        if not text:
            return text
        address = web_address(text)
        if address is None:
            raise refuse(validation_messages.BAD_URL)
        return normalised(address)

    def schema(self) -> JsonSchema:
        """As clients see it."""
        return {"type": "string", "format": "uri", "maxLength": LONGEST}


class RequiredAddress(Address):
    """An address that is not blank."""

    def convert(self, value: object) -> str:
        """The normalised address."""
        return super().convert(Text(max_length=LONGEST).convert(value))


class CreateFeed(Body):
    """`POST /calendar-feeds/`."""

    limit: ClassVar[int] = TEXT_LIMIT

    title: Annotated[str, Title]
    source_kind: Annotated[str, Kind] = IMPORTED
    source_url: Annotated[str, Address()] = ""
    raw_ical: Annotated[str, Ical] = ""
    course_id: Annotated[int | None, CourseId] = None
    is_enabled: Annotated[bool, Boolean()] = True


class ChangeFeed(Body):
    """`PATCH /calendar-feeds/{id}/`: only the keys that were sent are touched."""

    limit: ClassVar[int] = TEXT_LIMIT

    title: Annotated[str | None, Title] = None
    source_kind: Annotated[str | None, Kind] = None
    source_url: Annotated[str | None, Address()] = None
    raw_ical: Annotated[str | None, Ical] = None
    course_id: Annotated[int | None, CourseId] = None
    is_enabled: Annotated[bool | None, Boolean()] = None


class SkippedEntries(BaseModel):
    """Entries that cannot be read."""

    count: int
    reason: str | None
    """Of the first of them."""


class PreviewFeed(SmallBody):
    """`POST /calendar-feeds/preview/`."""

    model_config = example(source_url="https://campus.example/timetable.ics")

    source_url: Annotated[str, RequiredAddress()]


class PreviewedEvent(BaseModel):
    """One of the first entries, ISO 8601 with `+00:00`."""

    title: str
    starts_at: IsoTimestamp
    ends_at: IsoTimestamp


class FeedPreview(BaseModel):
    """What a feed of this address would show."""

    ok: bool
    name: str
    """What the calendar calls itself; may be empty."""
    count: int
    events: list[PreviewedEvent]
    """The first ten by their start."""
    skipped: SkippedEntries
    error: str
    """Why there is nothing, or what could not be read of it; else empty."""


class FeedHealth(BaseModel):
    """How the reading of a feed goes; timestamps ISO 8601 with `Z`."""

    ok: bool
    """The last attempt succeeded."""
    failing_since: IsoTimestamp | None
    last_success: IsoTimestamp | None
    entries: int
    skipped: int
    next_read: IsoTimestamp | None
    """None for a pasted text, which does not change."""


class FeedPayload(BaseModel):
    """A calendar feed in answers (planner §3.3); timestamps ISO 8601 with `Z`. The pasted text is never returned."""

    id: int
    title: str
    source_kind: SourceKind
    source_url: str | None
    """Without user name and password."""
    has_credentials: bool
    """Whether it was written with a user name and a password, which are never shown. An address that is sent back as it
    is shown keeps them."""
    is_enabled: bool
    course_id: int | None
    last_sync: IsoTimestamp | None
    """When it was last read with success."""
    last_error: str | None
    """Why the last attempt failed, or what could not be read of it; None when nothing is to be said."""
    entry_count: int
    """Those that can be shown; a recurring entry counts once."""
    date_created: IsoTimestamp
    last_edit: IsoTimestamp
    skipped: SkippedEntries
    health: FeedHealth


class SummaryEvent(BaseModel):
    """One of the first few entries."""

    title: str
    starts_at: IsoTimestamp


class ImportSummary(BaseModel):
    """What was found when the feed was made (planner §12.4); `error` is empty when `ok`."""

    ok: bool
    count: int
    events: list[SummaryEvent]
    error: str


class CreatedFeed(FeedPayload):
    """`POST /calendar-feeds/`."""

    import_summary: ImportSummary
