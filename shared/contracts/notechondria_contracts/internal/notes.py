"""What notes answers other services about single notes and courses."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


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
