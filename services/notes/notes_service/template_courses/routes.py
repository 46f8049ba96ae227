"""Restoring the template courses (notes §4.1, §11.2)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from typing_extensions import TypedDict

from notechondria_shared.core.errors import Forbidden
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.openapi import DETAIL
from notes_service.authors.contact import KnownCaller
from notes_service.courses import queries
from notes_service.courses.objects import describe
from notes_service.courses.schemas import CourseObject
from notes_service.template_courses.seeder import TemplateSeeder

router = APIRouter(prefix="/api/v1/admin/template-courses", tags=["courses"], responses={403: DETAIL})
STAFF_ONLY = "Template courses not restored: Notes.TemplateCourses/permission — only staff may do that."


class Restored(TypedDict):
    """What was done, line by line, and all courses in the caller's order."""

    message: str
    log: str
    courses: list[CourseObject]


@router.post("/restore/", response_model=Restored)
async def restore_templates(request: Request, caller: KnownCaller, read: ReadSession) -> Json:
    """Bring back what is missing of the template courses; 403 unless the caller is staff. Never makes duplicates."""
    if not caller.is_staff:
        raise Forbidden(STAFF_ONLY)
    seeder: TemplateSeeder = request.app.state.template_seeder
    log = await seeder.run()
    rows = await read.all(queries.LIST, viewer=caller.user_id)
    courses = await describe(request, read, rows, caller.user_id)
    return Json({"message": "Template courses restored.", "log": "\n".join(log), "courses": courses})
