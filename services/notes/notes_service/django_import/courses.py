"""Courses with their pictures, subscriptions and log (notes §2.1 to §2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from notechondria_shared.core.timestamps import now
from notechondria_shared.django_import.handover import ImportedCourse
from notechondria_shared.django_import.source import Monolith
from notes_service.django_import.content import ImportedContent
from notes_service.values import COURSE_OPERATIONS

COURSES, PICTURES, SUBSCRIPTIONS, OPERATIONS = "courses", "course pictures", "subscriptions", "course operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRow:
    """A row of `courses`."""

    id: int
    creator_id: int | None
    client_course_id: str | None
    slug: str
    title: str
    description: str
    cover_image: str
    icon: int | None
    is_default: bool
    sort_order: int
    date_created: datetime
    last_edit: datetime
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseMediaRow:
    """A row of `course_media`."""

    id: int
    course_id: int
    title: str
    description: str | None
    image: str
    source: str | None
    date_created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """A row of `course_subscriptions`."""

    id: int
    creator_id: int
    course_id: int
    is_active: bool
    subscribed_at: datetime
    last_opened_at: datetime | None
    date_created: datetime
    last_edit: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """A row of `course_operations`."""

    id: int
    creator_id: int
    course_id: int
    operation_type: str
    metadata_json: str
    occurred_at: datetime
    date_created: datetime


def courses(source: Monolith, table: str, content: ImportedContent) -> Iterator[CourseRow]:
    """Courses, those without an owner too; a title that its owner has twice in lower case gets the id behind it."""
    titles: set[tuple[int | None, str]] = set()
    for row in content.report.counted(COURSES, source.rows(table)):
        owner = None
        if row.integer_or_none("creator_id", "owner_id") is not None:
            author = content.author(COURSES, row)
            if author is None:
                continue
            owner = author.user_id
        title = row.text("title", longest=120)
        if owner is not None and (owner, title.lower()) in titles:
            title = f"{title[:100]} ({row.id})"
            content.report.change(COURSES, row.id, "its title was there twice: the id was added")
        titles.add((owner, title.lower()))
        dates = row.dates()
        content.courses[row.id] = ImportedCourse(row.id, owner, title)
        yield CourseRow(
            id=row.id,
            creator_id=owner,
            client_course_id=row.text("client_course_id", longest=64) or None,
            slug=row.text("slug", longest=120) or f"course-{row.id}",
            title=title,
            description=row.text("description"),
            cover_image=content.file(row, "cover_image"),
            icon=row.integer_or_none("icon"),
            is_default=row.flag("is_default"),
            sort_order=row.integer("sort_order", default=0),
            date_created=dates.date_created,
            last_edit=dates.last_edit,
        )


def pictures(source: Monolith, table: str, content: ImportedContent) -> Iterator[CourseMediaRow]:
    """Pictures of courses that were imported."""
    for row in content.report.counted(PICTURES, source.rows(table)):
        if (course_id := content.course(PICTURES, row)) is None:
            continue
        yield CourseMediaRow(
            id=row.id,
            course_id=course_id,
            title=row.text("title", longest=120),
            description=row.text("description", longest=255) or None,
            image=content.file(row, "image"),
            source=row.text("source", longest=255) or None,
            date_created=row.dates().date_created,
        )


def subscriptions(source: Monolith, table: str, content: ImportedContent) -> Iterator[SubscriptionRow]:
    """Subscriptions of opened accounts to courses that were imported."""
    for row in content.report.counted(SUBSCRIPTIONS, source.rows(table)):
        author = content.author(SUBSCRIPTIONS, row)
        if author is None or (course_id := content.course(SUBSCRIPTIONS, row)) is None:
            continue
        dates = row.dates()
        yield SubscriptionRow(
            id=row.id,
            creator_id=author.user_id,
            course_id=course_id,
            is_active=row.flag("is_active", default=True),
            subscribed_at=row.timestamp("subscribed_at", "date_created", default=now()),
            last_opened_at=row.timestamp_or_none("last_opened_at"),
            date_created=dates.date_created,
            last_edit=dates.last_edit,
        )


def operations(source: Monolith, table: str, content: ImportedContent) -> Iterator[OperationRow]:
    """The log of subscriptions and openings."""
    for row in content.report.counted(OPERATIONS, source.rows(table)):
        author = content.author(OPERATIONS, row)
        if author is None or (course_id := content.course(OPERATIONS, row)) is None:
            continue
        operation = row.text("operation_type")
        if operation not in COURSE_OPERATIONS:
            content.report.skip(OPERATIONS, row.id, "its kind is unknown")
            continue
        yield OperationRow(
            id=row.id,
            creator_id=author.user_id,
            course_id=course_id,
            operation_type=operation,
            metadata_json=row.text("metadata_json"),
            occurred_at=row.timestamp("occurred_at", "date_created", default=now()),
            date_created=row.dates().date_created,
        )
