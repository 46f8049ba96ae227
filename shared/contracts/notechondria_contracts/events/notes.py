"""Events published by notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BeforeValidator

from notechondria_contracts.events.event import IntegrationEvent


def _text(value: str | None) -> str:
    return value or ""


class CourseState(IntegrationEvent):
    """What other services keep of a course."""

    personal: ClassVar[Mapping[str, str]] = {"title": ""}
    course_id: int
    user_id: int | None
    """The owner; None for an ownerless course."""
    title: str

    @property
    def aggregate(self) -> str:
        return f"courses/{self.course_id}"


class CourseCreated(CourseState):
    """A course exists."""

    subject: ClassVar[str] = "notes.course.created"
    creates: ClassVar[bool] = True


class CourseUpdated(CourseState):
    """Title, owner or looks of a course changed."""

    subject: ClassVar[str] = "notes.course.updated"


class CourseDeleted(CourseState):
    """A course is gone; what named it stands without a course."""

    subject: ClassVar[str] = "notes.course.deleted"


class NoteState(IntegrationEvent):
    """What other services keep of a note."""

    personal: ClassVar[Mapping[str, str]] = {"title": "", "description": ""}
    note_id: int
    uuid: UUID
    user_id: int
    title: str
    description: Annotated[str, BeforeValidator(_text)]
    """Empty for a note without one."""
    course_id: int | None

    @property
    def aggregate(self) -> str:
        return f"notes/{self.note_id}"


class NoteCreated(NoteState):
    """A note exists."""

    subject: ClassVar[str] = "notes.note.created"
    creates: ClassVar[bool] = True


class NoteUpdated(NoteState):
    """Title, text, course or visibility of a note changed."""

    subject: ClassVar[str] = "notes.note.updated"


class NoteTrashed(NoteState):
    """A note lies in the recycle bin; what hangs on it is hidden."""

    subject: ClassVar[str] = "notes.note.trashed"


class NoteRestored(NoteState):
    """A note came back from the recycle bin, and what hangs on it with it."""

    subject: ClassVar[str] = "notes.note.restored"


class NotePurged(NoteState):
    """A note is gone for good; what hangs on it goes too."""

    subject: ClassVar[str] = "notes.note.purged"


class ActivityRecorded(IntegrationEvent):
    """Words were written (notes §9.1): one row of the heatmap."""

    subject: ClassVar[str] = "notes.activity.recorded"
    activity_id: UUID
    user_id: int
    note_id: int
    course_id: int | None
    activity_type: Literal["C", "E"]
    activity_date: date
    word_count: int

    @property
    def aggregate(self) -> str:
        return f"notes/{self.note_id}"
