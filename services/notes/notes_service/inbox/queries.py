"""Statements that look for the Inbox, and that make a course."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, Text, any_, bindparam, func, insert, literal, select, update

from notechondria_shared.db import prepare, prepare_command, prepare_scalar
from notes_service.models import Author, Course

_OWNER = bindparam("user_id", type_=BigInteger)


@dataclass(slots=True)
class InboxRow:
    """The Inbox, or the course that has its title and is to become it."""

    id: int
    is_default: bool


@dataclass(slots=True)
class PublishedCourse:
    """The columns of a course that its events need."""

    id: int
    creator_id: int
    title: str
    revision: int


_COLUMNS = (
    "creator_id", "client_course_id", "slug", "title", "description", "icon", "color_hue", "is_default",
    "date_created", "last_edit",
)  # fmt: skip
INSERT = prepare(
    insert(Course)
    .values({
        **{name: bindparam(name, required=True) for name in _COLUMNS},
        "cover_image": "",
        "sort_order": 0,
        "revision": 1,
    })
    .returning(*Course.event_columns()),
    PublishedCourse,
)  # fmt: skip
INBOX = prepare(
    select(Course.id, Course.is_default)
    .where(
        Course.creator_id == _OWNER,
        Course.is_default | (func.lower(Course.title) == func.lower(bindparam("title", type_=Text))),
    )
    .order_by(Course.is_default.desc(), Course.id)
    .limit(1),
    InboxRow,
)
"""The default course of the lowest id, else the course of this title: a user has one course of a title."""
REMOVED = prepare_scalar(
    select(Author.user_id).where(Author.user_id == _OWNER, Author.inbox_removed_at.is_not(None)), int
)
"""The id of an author who deleted the Inbox."""
RETURNED = prepare_command(
    update(Author).where(Author.user_id == _OWNER, Author.inbox_removed_at.is_not(None)).values(inbox_removed_at=None)
)
LOCK_SLUG = prepare_command(
    select(func.pg_advisory_xact_lock(func.hashtextextended(literal("slug:") + bindparam("base", type_=Text), 0)))
)
TAKEN = prepare_scalar(select(Course.slug).where(Course.slug == any_(bindparam("tried", type_=ARRAY(Text)))), str)
"""Those of the slugs that courses have."""
