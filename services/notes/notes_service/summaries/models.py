"""How many notes each person has, kept by the trigger that keeps outlines (migration 0014)."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from notes_service.models import Base


class NoteCount(Base):
    """A part of a count: of a person's notes outside the bin, by course and by whether they are public.

    The sum of the rows is the number: each change adds one, and now and then they become one.
    """

    __tablename__ = "note_counts"
    __table_args__ = (Index("ix_note_counts_creator_id", "creator_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int]
    course_id: Mapped[int | None]
    is_public: Mapped[bool]
    notes: Mapped[int]
