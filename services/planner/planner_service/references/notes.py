"""Asking notes for what its events have not brought yet (ADR 0003)."""

from __future__ import annotations

import logging
from typing import Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from notechondria_shared.core.errors import Unavailable

logger = logging.getLogger("notechondria.references")

AWAY = "This cannot be checked right now: Backend.Planner/references — the notes service is not reachable."


class CourseReference(BaseModel):
    """`GET /internal/courses/{id}/reference` of notes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    course_id: int
    user_id: int | None
    title: str
    revision: int


class NoteReference(BaseModel):
    """`GET /internal/notes/{id}/reference` of notes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    note_id: int
    uuid: UUID
    user_id: int
    title: str
    description: str
    course_id: int | None
    revision: int
    state: Literal["live", "trashed"]


class NotesDirectory:
    """The internal endpoints of notes."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url

    async def course(self, course_id: int) -> CourseReference | None:
        """A course as it is now; None when there is none, `Unavailable` when notes is away."""
        answer = await self._ask(f"/internal/courses/{course_id}/reference")
        try:
            return CourseReference.model_validate_json(answer) if answer is not None else None
        except ValidationError as error:
            raise Unavailable(AWAY) from error

    async def note(self, note_id: int) -> NoteReference | None:
        """A note as it is now, also from the recycle bin; None when there is none, `Unavailable` when notes is away."""
        answer = await self._ask(f"/internal/notes/{note_id}/reference")
        try:
            return NoteReference.model_validate_json(answer) if answer is not None else None
        except ValidationError as error:
            raise Unavailable(AWAY) from error

    async def _ask(self, path: str) -> bytes | None:
        try:
            answer = await self._http.get(self._url + path)
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
        except httpx.HTTPError as error:
            logger.warning("asking notes for %s failed: %r", path, error)
            raise Unavailable(AWAY) from error
        return answer.content
