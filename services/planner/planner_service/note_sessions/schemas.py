"""Work sessions on the wire (planner §8, notes §9.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import BaseModel

from notechondria_contracts.fields import DateTime, Id, Text
from notechondria_contracts.fields.formats import IsoTimestamp
from notechondria_shared.web import Body
from notechondria_shared.web.query import QueryId, QueryInteger
from planner_service.note_sessions.payload import session_fields
from planner_service.note_sessions.queries import SessionRow

Title = Text(max_length=120, blank=True)
LONGEST_SUMMARY = 255


@dataclass(frozen=True, slots=True)
class Summary(Text):
    """A summary, cut rather than refused: apps send a whole description, and lose the session over a 400 (apps §8)."""

    blank: bool = True

    def convert(self, value: object) -> str:
        return Text.convert(self, value)[:LONGEST_SUMMARY].rstrip()


Timestamp = DateTime(null=True)

SessionLimit = Annotated[
    int | None, QueryInteger(1, 200, lenient=True), Query(description="Sessions at most; 50 without one.")
]
NoteFilter = Annotated[int | None, QueryId(), Query(description="Only the sessions of this note.")]


class OpenSession(Body):
    """`POST /note-sessions/`."""

    note_id: Annotated[int, Id()]
    title: Annotated[str, Title] = ""
    summary: Annotated[str, Summary()] = ""
    started_at: Annotated[datetime | None, Timestamp] = None
    ended_at: Annotated[datetime | None, Timestamp] = None


class ChangeSession(Body):
    """`PATCH /note-sessions/{id}/`: `note_id` is read but changes nothing."""

    note_id: Annotated[int | None, Id()] = None
    title: Annotated[str | None, Title] = None
    summary: Annotated[str | None, Summary()] = None
    started_at: Annotated[datetime | None, Timestamp] = None
    ended_at: Annotated[datetime | None, Timestamp] = None


class SessionPayload(BaseModel):
    """A work session in answers and in the week (planner §6.3); timestamps ISO 8601 with `+00:00`."""

    id: int
    title: str
    kind: Literal["note_session"]
    note_id: int
    course_id: int | None
    summary: str
    starts_at: IsoTimestamp
    ends_at: IsoTimestamp

    @classmethod
    def of(cls, row: SessionRow) -> Self:
        """The payload of a row."""
        return cls.model_validate(session_fields(row))
