"""Courses on the wire (notes §3.2, §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request
from typing_extensions import TypedDict

from notechondria_contracts.fields import Integer, Json, Text
from notechondria_shared.core.timestamps import iso_offset_or_none
from notechondria_shared.db.tables import Row
from notechondria_shared.storage.media import media_url
from notechondria_shared.web import Body
from notes_service.authors.schemas import AuthorObject, author_object
from notes_service.notes.schemas import NoteSummary, note_summary

ICON_LIMIT = 2**31 - 1


class CreateCourse(Body):
    """`POST /courses/` (notes §4.2)."""

    title: Annotated[str, Text(max_length=120)]
    description: Annotated[str | None, Text(blank=True, null=True)] = ""
    icon: Annotated[int | None, Integer(null=True, minimum=-ICON_LIMIT, maximum=ICON_LIMIT)] = None
    client_course_id: Annotated[str | None, Text(max_length=64, blank=True, null=True)] = None


class UpdateCourse(Body):
    """`PATCH /courses/{id}/` (notes §4.2): only what was sent counts; `client_course_id` is not changed."""

    title: Annotated[str, Text(max_length=120)] = ""
    description: Annotated[str | None, Text(blank=True, null=True)] = ""
    icon: Annotated[int | None, Integer(null=True, minimum=-ICON_LIMIT, maximum=ICON_LIMIT)] = None


@dataclass(frozen=True, slots=True)
class AnyList(Json):
    """A list whose elements are looked at one by one; anything else is refused by the service in its own shape."""

    def schema(self) -> dict[str, Any]:
        """What clients should send."""
        return {"type": "array", "items": {"type": "integer"}}


class ReorderCourses(Body):
    """`POST /courses/reorder/` (notes §4.4)."""

    course_ids: Annotated[Any, AnyList()] = None


class CourseMediaObject(TypedDict):
    """A picture of a course."""

    id: int
    title: str
    description: str | None
    source: str | None
    image_url: str


class CourseObject(TypedDict):
    """A course (notes §3.2)."""

    id: int
    client_course_id: str | None
    slug: str
    title: str
    description: str | None
    cover_image_url: str
    icon: int | None
    is_default: bool
    sort_order: int
    owner: AuthorObject | None
    subscriber_count: int
    is_subscribed: bool
    last_opened_at: str | None
    recent_notes: list[NoteSummary]
    media: list[CourseMediaObject]


def course_object(request: Request, row: Row, recent: Sequence[Row], media: Sequence[Row]) -> CourseObject:
    """A row of `courses.queries` with its notes and pictures as the contract's course."""
    owner = row["creator_id"]
    return {
        "id": row["id"],
        "client_course_id": row["client_course_id"],
        "slug": row["slug"],
        "title": row["title"],
        "description": row["description"],
        "cover_image_url": media_url(request, row["cover_image"]),
        "icon": row["icon"],
        "is_default": row["is_default"],
        "sort_order": row["sort_order"],
        "owner": None if owner is None else author_object(request, owner, row["username"], row["image_path"]),
        "subscriber_count": row["subscriber_count"],
        "is_subscribed": row["subscribed_at"] is not None,
        "last_opened_at": iso_offset_or_none(row["last_opened_at"]),
        "recent_notes": [note_summary(request, note) for note in recent],
        "media": [
            {
                "id": picture["id"],
                "title": picture["title"],
                "description": picture["description"],
                "source": picture["source"],
                "image_url": media_url(request, picture["image"]),
            }
            for picture in media
        ],
    }
