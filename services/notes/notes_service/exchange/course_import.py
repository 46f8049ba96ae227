"""The courses of an import: those that the notes name, as the manifest of an export describes them."""

from __future__ import annotations

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import ApiError
from notechondria_shared.db import Database
from notechondria_shared.web.body import validate
from notes_service.authors import service as authors
from notes_service.courses import service as courses
from notes_service.courses.schemas import CreateCourse
from notes_service.exchange.archive import MANIFEST
from notes_service.exchange.gathering import Gatherer
from notes_service.inbox.service import INBOX_DESCRIPTION, is_inbox_title
from notes_service.models import Course


class CourseImport:
    """Finds the user's course of a title, or makes it."""

    def __init__(self, database: Database, user_id: int, gather: Gatherer, *, dry_run: bool) -> None:
        self._database, self._user_id, self._gather, self._dry_run = database, user_id, gather, dry_run
        self._exported: dict[str, dict[str, JsonValue]] = {}
        """Courses of the export by lower-case title."""

    async def all(self) -> None:
        """The courses of an export, also those without notes."""
        for course in await self._listed():
            title = course.get("title") if isinstance(course, dict) else None
            key = title.strip().lower() if isinstance(title, str) else ""
            if isinstance(course, dict):
                self._exported[key] = course
            try:
                checked = self.checked(validate(CreateCourse, {"title": title}).title)
                if checked and not self._dry_run:
                    async with self._database.transaction() as db:
                        await self.course(db, checked.title)
            except ApiError as refusal:
                self._exported.pop(key, None)
                self._gather.report.refused(MANIFEST, refusal)

    async def _listed(self) -> list[JsonValue]:
        source = self._gather.source
        manifest = source.at(MANIFEST)
        data = await self._gather.document(manifest) if manifest else None
        exported = data.get("courses") if isinstance(data, dict) and "format" in data else None
        return exported[: source.limits.files] if isinstance(exported, list) else []

    def checked(self, title: str) -> CreateCourse | None:
        """The course of this title as the export has it, if it does; None for no title. 400 when there can be none."""
        if not title:
            return None
        exported = self._exported.get(title.strip().lower(), {})
        fields = {name: exported[name] for name in ("description", "icon", "color_hue") if name in exported}
        return validate(CreateCourse, {**fields, "title": title})

    async def course(self, db: AsyncSession, title: str) -> int | None:
        """The user's course of this title, made when there is none: as the export has it, if it does."""
        body = self.checked(title)
        if body is None:
            return None
        same = select(Course.id).where(
            Course.creator_id == self._user_id, func.lower(Course.title) == func.lower(body.title)
        )
        course_id: int | None = await db.scalar(same)
        if course_id is None:
            # Another request of the same user may be making it: look again under the lock.
            await authors.lock_author_shared(db, self._user_id, exclusive=True)
            course_id = await db.scalar(same)
        if course_id is not None and is_inbox_title(title):
            # It was there before the import: what was said of it in the export is taken over, unless something is here.
            await _describe(db, course_id, body)
        if course_id is None:
            course_id, _ = await courses.create(db, self._user_id, body)
            position = self._exported.get(title.strip().lower(), {}).get("sort_order")
            if isinstance(position, int) and abs(position) < 2**31:
                (await db.get_one(Course, course_id)).sort_order = position
        return course_id


async def _describe(db: AsyncSession, course_id: int, body: CreateCourse) -> None:
    course = await db.get_one(Course, course_id, with_for_update=True)
    if body.description and course.description in ("", None, INBOX_DESCRIPTION):
        course.description = body.description
    course.icon = body.icon if course.icon is None else course.icon
    course.color_hue = body.color_hue if course.color_hue is None else course.color_hue
