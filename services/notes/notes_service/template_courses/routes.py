"""Restoring the template courses (notes §4.1, §11.2)."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel

from notechondria_shared.core.errors import Forbidden
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notes_service.callers import KnownCaller
from notes_service.courses import queries
from notes_service.courses.objects import describe
from notes_service.courses.schemas import CourseObject
from notes_service.dependencies import State
from notes_service.template_courses.owners import find_owners
from notes_service.template_courses.service import restore

router = api_router("/api/v1/admin/template-courses", tags=["courses"], responses={403: DETAIL})
STAFF_ONLY = "Template courses not restored: Notes.TemplateCourses/permission — only staff may do that."


class Restored(BaseModel):
    """What was done, line by line, and all courses in the caller's order."""

    message: str
    log: str
    courses: list[CourseObject]


@router.post("/restore/")
async def restore_templates(request: Request, state: State, caller: KnownCaller, read: ReadSession) -> Restored:
    """Bring back what is missing of the template courses; 403 unless the caller is staff. Never makes duplicates."""
    if not caller.is_staff:
        raise Forbidden(STAFF_ONLY)
    log = await restore(state.database, state.media, await find_owners(state))
    rows = await read.all(queries.LIST, viewer=caller.user_id)
    courses = await describe(request, read, rows, caller.user_id)
    return Restored(message="Template courses restored.", log="\n".join(log), courses=courses)
