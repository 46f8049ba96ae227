"""Courses on the wire (notes §3.2, §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field, JsonValue
from pydantic.json_schema import JsonSchemaValue

from notechondria_contracts.fields import Boolean, Integer, Json, Text
from notechondria_shared.core.timestamps import iso_offset_or_none
from notechondria_shared.web import Body
from notechondria_shared.web.media_url import media_url
from notes_service.authors.schemas import AuthorObject, author_object
from notes_service.courses.queries import CourseMediaRow, CourseRow
from notes_service.summaries.queries import SummaryRow
from notes_service.summaries.schemas import NoteSummary, note_summaries
from notes_service.values import Timestamp

ICON_LIMIT = 2**31 - 1


Hue = Annotated[int | None, Integer(null=True, minimum=0, maximum=359)]


class CreateCourse(Body):
    """`POST /courses/` (notes §4.2)."""

    title: Annotated[str, Text(max_length=120)]
    description: Annotated[str | None, Text(blank=True, null=True)] = ""
    icon: Annotated[int | None, Integer(null=True, minimum=-ICON_LIMIT, maximum=ICON_LIMIT)] = None
    color_hue: Hue = None
    client_course_id: Annotated[str | None, Text(max_length=64, blank=True, null=True)] = None


class UpdateCourse(Body):
    """`PATCH /courses/{id}/` (notes §4.2): only what was sent counts; `client_course_id` is not changed."""

    title: Annotated[str, Text(max_length=120)] = ""
    description: Annotated[str | None, Text(blank=True, null=True)] = ""
    icon: Annotated[int | None, Integer(null=True, minimum=-ICON_LIMIT, maximum=ICON_LIMIT)] = None
    color_hue: Hue = None


@dataclass(frozen=True, slots=True)
class AnyList(Json):
    """A list whose elements are looked at one by one; anything else is refused by the service in its own shape."""

    def schema(self) -> JsonSchemaValue:
        """What clients should send."""
        return {"type": "array", "items": {"type": "integer"}}


class ReorderCourses(Body):
    """`POST /courses/reorder/` (notes §4.4)."""

    course_ids: Annotated[JsonValue, AnyList()] = None


class ConnectRepository(Body):
    """`PUT /courses/{id}/git/` (apps §5)."""

    repo: Annotated[str, Text(max_length=255)]
    branch: Annotated[str, Text(max_length=255, blank=True)] = ""
    sync_enabled: Annotated[bool, Boolean()] = False


class CoursePage(BaseModel):
    """A page of courses (apps §4)."""

    results: list[CourseObject]
    total: int
    offset: int
    limit: int
    has_more: bool


class CourseMediaObject(BaseModel):
    """A picture of a course."""

    id: int
    title: str
    description: str | None
    source: str | None
    image_url: str

    @classmethod
    def of(cls, request: Request, row: CourseMediaRow) -> CourseMediaObject:
        """A row as the contract's picture."""
        return cls(
            id=row.id,
            title=row.title,
            description=row.description,
            source=row.source,
            image_url=media_url(request, row.image),
        )


class CourseObject(BaseModel):
    """A course (notes §3.2)."""

    id: int
    client_course_id: str | None
    slug: str
    title: str
    description: str | None
    cover_image_url: str
    icon: int | None
    color_hue: Annotated[int | None, Field(description="Degrees on the colour wheel, 0 to 359.")]
    is_default: bool
    sort_order: int
    owner: AuthorObject | None
    subscriber_count: int
    is_subscribed: bool
    is_private_subscription: Annotated[bool, Field(description="Subscribed for oneself only (apps §5).")]
    last_opened_at: Timestamp | None
    recent_notes: list[NoteSummary]
    media: list[CourseMediaObject]
    git: Annotated[None, Field(description="The repository of the course: there is none without GitHub sync.")] = None

    @classmethod
    def of(
        cls, request: Request, row: CourseRow, recent: Sequence[SummaryRow], media: Sequence[CourseMediaRow]
    ) -> CourseObject:
        """A row with its notes and pictures as the contract's course."""
        owner = row.creator_id
        return cls(
            id=row.id,
            client_course_id=row.client_course_id,
            slug=row.slug,
            title=row.title,
            description=row.description,
            cover_image_url=media_url(request, row.cover_image),
            icon=row.icon,
            color_hue=row.color_hue,
            is_default=row.is_default,
            sort_order=row.sort_order,
            owner=None if owner is None else author_object(request, owner, row.username, row.image_path),
            subscriber_count=row.subscriber_count,
            is_subscribed=row.subscribed_at is not None,
            is_private_subscription=bool(row.is_private),
            last_opened_at=iso_offset_or_none(row.last_opened_at),
            recent_notes=note_summaries(request, recent),
            media=[CourseMediaObject.of(request, picture) for picture in media],
        )
