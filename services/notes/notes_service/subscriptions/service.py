"""Readers of a course (notes §4.9); every call that had an effect is one line of the operation log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now
from notes_service.authors import service as authors
from notes_service.courses import service as courses
from notes_service.models import CourseOperation, CourseSubscription

NOT_SUBSCRIBED = "Not found: Notes.Courses/subscription — you have not subscribed to this course."


async def subscribe(db: AsyncSession, user_id: int, course_id: int, *, private: bool = False) -> None:
    """Create or reactivate the subscription, from now on a private one or not; `last_opened_at` stays."""
    await _lock(db, user_id, course_id)
    at = now()
    row = upsert(CourseSubscription).values(
        creator_id=user_id, course_id=course_id, subscribed_at=at, is_private=private
    )
    await db.execute(
        row.on_conflict_do_update(
            index_elements=[CourseSubscription.creator_id, CourseSubscription.course_id],
            set_={"is_active": True, "is_private": private, "subscribed_at": at, "last_edit": at},
        )
    )
    _log(db, user_id, course_id, "subscribe")


async def unsubscribe(db: AsyncSession, user_id: int, course_id: int) -> None:
    """End the active subscription; 404 when there is none."""
    await _change(db, user_id, course_id, is_active=False)
    _log(db, user_id, course_id, "unsubscribe")


async def open_course(db: AsyncSession, user_id: int, course_id: int) -> None:
    """Record that a subscriber opened the course; 404 when the caller is none."""
    await _change(db, user_id, course_id, last_opened_at=now())
    _log(db, user_id, course_id, "open")


async def _change(db: AsyncSession, user_id: int, course_id: int, **values: bool | datetime) -> None:
    await _lock(db, user_id, course_id)
    subscription_id = await db.scalar(
        update(CourseSubscription)
        .where(
            CourseSubscription.creator_id == user_id,
            CourseSubscription.course_id == course_id,
            CourseSubscription.is_active,
        )
        .values(**values, last_edit=now())
        .returning(CourseSubscription.id)
        .execution_options(synchronize_session=False)
    )
    if subscription_id is None:
        raise NotFound(NOT_SUBSCRIBED)


async def _lock(db: AsyncSession, user_id: int, course_id: int) -> None:
    await authors.lock_author_shared(db, user_id)
    if not await courses.lock_shared(db, course_id):
        raise NotFound(courses.UNKNOWN)


def _log(
    db: AsyncSession, user_id: int, course_id: int, operation: Literal["subscribe", "unsubscribe", "open"]
) -> None:
    db.add(CourseOperation(creator_id=user_id, course_id=course_id, operation_type=operation))
