"""What notes answers other services about single notes and courses."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class CourseReference(BaseModel):
    """`GET /internal/courses/{id}/reference`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    course_id: int
    user_id: int | None
    title: str
    revision: int


class NoteReference(BaseModel):
    """`GET /internal/notes/{id}/reference`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    note_id: int
    uuid: UUID
    user_id: int
    title: str
    description: str
    """Empty for a note without one."""
    course_id: int | None
    revision: int
    state: Literal["live", "trashed"]


OWN_PATH = "/internal/own"
MOST_NAMES = 1000


class NameQuery(BaseModel):
    """Ids of which a person asks what they are called; others' and unknown ones are left out of the answer."""

    note_ids: Annotated[list[int], Field(max_length=MOST_NAMES)] = []
    course_ids: Annotated[list[int], Field(max_length=MOST_NAMES)] = []


class NamedNote(BaseModel):
    """A note's title, and in which course it is."""

    title: str
    course_id: int | None


class Names(BaseModel):
    """What notes and courses of a person are called."""

    notes: dict[int, NamedNote]
    courses: dict[int, str]
