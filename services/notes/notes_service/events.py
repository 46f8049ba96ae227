"""The events that notes publishes."""

from __future__ import annotations

from typing import Literal, Protocol
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events import IntegrationEvent
from notechondria_contracts.events.notes import ActivityRecorded
from notechondria_shared.core.timestamps import today
from notechondria_shared.messaging import outbox
from notes_service.models import EVENTS


async def publish(db: AsyncSession, *events: IntegrationEvent) -> None:
    """Publish events with the transaction."""
    await outbox.publish(db, EVENTS, *events)


class ActiveNote(Protocol):
    """What an activity event says of its note."""

    @property
    def id(self) -> int:
        """The note."""

    @property
    def creator_id(self) -> int:
        """Its author."""

    @property
    def course_id(self) -> int | None:
        """Its course."""

    @property
    def revision(self) -> int:
        """The revision of the change."""


def activity_events(kind: Literal["C", "E"], note: ActiveNote, words: int) -> list[IntegrationEvent]:
    """One activity row (notes §9.1) when words were written, none otherwise."""
    if words <= 0:
        return []
    return [
        ActivityRecorded(
            activity_id=uuid4(),
            user_id=note.creator_id,
            note_id=note.id,
            course_id=note.course_id,
            activity_type=kind,
            activity_date=today(),
            word_count=words,
            revision=note.revision,
        )
    ]
