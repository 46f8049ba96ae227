"""What the planner knows of accounts, courses and notes: the projections, as events would have made them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from planner_service.django_import.content import ImportedContent
from planner_service.models import LIVE, TRASHED


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStateRow:
    """A row of `account_states`."""

    user_id: int
    is_active: bool
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRefRow:
    """A row of `course_refs`."""

    course_id: int
    user_id: int | None
    title: str
    revision: int = 1
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRefRow:
    """A row of `note_refs`."""

    note_id: int
    uuid: UUID
    user_id: int
    title: str
    description: str
    course_id: int | None
    state: str
    revision: int = 1
    state_revision: int = 1


def account_states(content: ImportedContent) -> Iterator[AccountStateRow]:
    """Whether each account is open."""
    for account in content.accounts.all:
        yield AccountStateRow(user_id=account.user_id, is_active=account.is_active)


def course_refs(content: ImportedContent) -> Iterator[CourseRefRow]:
    """Every course that notes has imported."""
    for course in content.courses.values():
        yield CourseRefRow(course_id=course.course_id, user_id=course.user_id, title=course.title)


def note_refs(content: ImportedContent) -> Iterator[NoteRefRow]:
    """Every note that notes has imported."""
    for note in content.notes.values():
        yield NoteRefRow(
            note_id=note.note_id,
            uuid=note.uuid,
            user_id=note.user_id,
            title=note.title,
            description=note.description,
            course_id=note.course_id,
            state=LIVE if note.deleted_at is None else TRASHED,
        )
