"""The rules of links to published calendars."""

from __future__ import annotations

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import NonFieldError, NotFound
from planner_service.accounts import ACCOUNTS
from planner_service.calendar_links import tokens
from planner_service.calendar_links.schemas import CreateLink
from planner_service.models import CalendarLink
from planner_service.references.notes import CourseReference
from planner_service.references.service import lock_course_shared

NO_LINK = "Calendar link not found."
NOTHING = "Choose at least one of events, sessions and deadlines."


async def create(
    db: AsyncSession, user_id: int, body: CreateLink, course: CourseReference | None, most: int
) -> tuple[CalendarLink, str]:
    """A new link and its token, which is not kept. 400 when nothing would be published, or `most` are there."""
    if not (body.include_events or body.include_sessions or body.include_deadlines):
        raise NonFieldError(NOTHING)
    await ACCOUNTS.require_present(db, user_id)
    count = select(func.count()).select_from(CalendarLink).where(CalendarLink.user_id == user_id)
    if (await db.scalar(count) or 0) >= most:
        raise NonFieldError(f"There are {most} links already; remove one first.")
    if body.course_id is not None:
        await lock_course_shared(db, body.course_id, course)
    token = tokens.fresh()
    link = CalendarLink(
        user_id=user_id,
        **body.model_dump(),
        is_of_course=body.course_id is not None,
        token_digest=tokens.digest(token),
    )
    db.add(link)
    await db.flush()
    return link, token


async def regenerate(db: AsyncSession, user_id: int, link_id: int) -> tuple[CalendarLink, str]:
    """A new token; the old address is gone at once. 404 when unknown or somebody else's."""
    link: CalendarLink | None = await db.scalar(
        select(CalendarLink).where(CalendarLink.id == link_id, CalendarLink.user_id == user_id).with_for_update()
    )
    if link is None:
        raise NotFound(NO_LINK)
    token = tokens.fresh()
    link.token_digest = tokens.digest(token)
    link.touch()
    await db.flush()
    return link, token


async def revoke(db: AsyncSession, user_id: int, link_id: int) -> None:
    """Remove a link. 404 when unknown or somebody else's."""
    removed = await db.scalar(
        delete_from(CalendarLink)
        .where(CalendarLink.id == link_id, CalendarLink.user_id == user_id)
        .returning(CalendarLink.id)
    )
    if removed is None:
        raise NotFound(NO_LINK)
