"""Completion of the arguments of templates and prompts."""

from __future__ import annotations

from datetime import date, timedelta

from mcp_types import Completion, CompletionArgument, PromptReference, ResourceTemplateReference

from mcp_service.tools.local_time import local_day, zone_of
from mcp_service.tools.schemas import CourseBrief, NoteBrief
from mcp_service.upstream.client import Refused, UserClient, UserServices

MOST = 100
DAYS = 28
Reference = PromptReference | ResourceTemplateReference


async def complete(services: UserServices, ref: Reference, argument: CompletionArgument) -> Completion | None:
    """Values for an argument: titles find notes and courses, dates are those around today."""
    typed = argument.value.strip().lower()
    try:
        match ref, argument.name:
            case ResourceTemplateReference(), "uuid":
                return _first(await _notes(services.notes, typed))
            case ResourceTemplateReference(), "course_id":
                return _first([str(course.id) for course in await _courses(services.notes, typed)])
            case PromptReference(), "course":
                return _first([course.title for course in await _courses(services.notes, typed)])
            case _, "start_date":
                present = local_day(await zone_of(services.identity))
                return _first([day for day in _days(present) if day.startswith(typed)])
    except Refused:
        return None
    return None


async def _notes(notes: UserClient, typed: str) -> list[str]:
    _, rows = await notes.page("notes/", fields="brief", scope="personal", contains=typed or None, limit=MOST)
    matches = [note.uuid for note in NoteBrief.list_of(rows)]
    if typed and not matches:
        _, newest = await notes.page("notes/", fields="brief", scope="personal", limit=MOST)
        matches = [note.uuid for note in NoteBrief.list_of(newest) if note.uuid.startswith(typed)]
    return matches


async def _courses(notes: UserClient, typed: str) -> list[CourseBrief]:
    courses = CourseBrief.list_of(await notes.rows("courses/"))
    return [course for course in courses if typed in course.title.lower() or str(course.id).startswith(typed)]


def _days(present: date) -> list[str]:
    monday = present - timedelta(days=present.weekday())
    mondays = [monday + timedelta(weeks=number) for number in (0, 1, 2, 3, -1, -2)]
    days = [present + timedelta(days=number) for number in range(-DAYS, DAYS + 1)]
    return [day.isoformat() for day in dict.fromkeys([present, *mondays, *days])]


def _first(values: list[str]) -> Completion:
    return Completion(values=values[:MOST], total=len(values), has_more=len(values) > MOST)
