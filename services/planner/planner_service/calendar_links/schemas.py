"""Links to published calendars on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from notechondria_contracts.fields import Boolean, Id, Integer, Text
from notechondria_contracts.fields.formats import IsoTimestamp
from notechondria_shared.web import Body

MOST_ALARM_MINUTES = 28 * 24 * 60


class CreateLink(Body):
    """`POST /calendar-links/`: what is published, all of it unless said otherwise; of one course when given."""

    name: Annotated[str, Text(max_length=120)]
    include_events: Annotated[bool, Boolean()] = True
    include_sessions: Annotated[bool, Boolean()] = True
    include_deadlines: Annotated[bool, Boolean()] = True
    course_id: Annotated[int | None, Id(null=True)] = None
    alarm_minutes: Annotated[int | None, Integer(minimum=0, maximum=MOST_ALARM_MINUTES, null=True)] = None


class LinkPayload(BaseModel):
    """A link in answers; timestamps ISO 8601 with `Z`. Its token is not among what can be asked for."""

    id: int
    name: str
    include_events: bool
    include_sessions: bool
    include_deadlines: bool
    course_id: int | None
    alarm_minutes: int | None
    """How long before an event or deadline programs remind of it; None for not at all."""
    date_created: IsoTimestamp
    last_edit: IsoTimestamp


class NewLink(LinkPayload):
    """A link that was just made or got a new token: the one answer that shows it."""

    token: str
    url: str
