"""Asking notes for what its events have not brought yet (ADR 0003)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TypeVar

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.clients.notes import NotesClient
from notechondria_contracts.internal.notes import CourseReference, NoteReference
from notechondria_shared.core.errors import Unavailable

__all__ = ["CourseReference", "NoteReference", "NotesDirectory"]
logger = logging.getLogger("notechondria.references")
Reference = TypeVar("Reference")

AWAY = "This cannot be checked right now: Backend.Planner/references — the notes service is not reachable."


class NotesDirectory:
    """The client of notes, with this service's refusal when notes is away."""

    def __init__(self, client: NotesClient) -> None:
        self._client = client

    async def course(self, course_id: int) -> CourseReference | None:
        """A course as it is now; None when there is none, `Unavailable` when notes is away."""
        return await _answer(self._client.course_reference(course_id))

    async def note(self, note_id: int) -> NoteReference | None:
        """A note as it is now, also from the recycle bin; None when there is none, `Unavailable` when notes is away."""
        return await _answer(self._client.note_reference(note_id))


async def _answer(call: Awaitable[Reference]) -> Reference:
    try:
        return await call
    except (ServiceUnavailable, ServiceRefused) as error:
        logger.warning("asking notes failed: %r", error)
        raise Unavailable(AWAY) from error
