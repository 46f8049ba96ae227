"""Course objects as answers (notes §3.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from fastapi import Request

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads
from notes_service.courses import queries, schemas, service
from notes_service.summaries.queries import SummaryRow


async def describe_one(request: Request, read: Reads, course_id: int, user_id: int) -> schemas.CourseObject:
    """The course as `user_id` sees it; 404 when unknown."""
    row = await read.one(queries.ONE, course_id=course_id, viewer=user_id)
    if row is None:
        raise NotFound(service.UNKNOWN)
    (course,) = await describe(request, read, [row], user_id)
    return course


async def describe(
    request: Request, read: Reads, rows: Sequence[queries.CourseRow], user_id: int
) -> list[schemas.CourseObject]:
    """Rows of `queries` as course objects: two more statements, however many rows."""
    ids = [row.id for row in rows]
    notes: defaultdict[int | None, list[SummaryRow]] = defaultdict(list)
    pictures: defaultdict[int, list[queries.CourseMediaRow]] = defaultdict(list)
    if ids:
        for note in await read.all(queries.RECENT, course_ids=ids, viewer=user_id):
            notes[note.course_id].append(note)
        for picture in await read.all(queries.MEDIA, course_ids=ids):
            pictures[picture.course_id].append(picture)
    return [schemas.CourseObject.of(request, row, notes[row.id], pictures[row.id]) for row in rows]
