"""The user's own order of courses (notes §4.4)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue
from pydantic_core import PydanticCustomError
from sqlalchemy import BigInteger, any_, bindparam, case, literal, not_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.fields import Integer
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.timestamps import now
from notes_service.authors import service as authors
from notes_service.models import Course

NO_LIST = "Courses not reordered: Notes.Courses/reorder — course_ids must be a list of course ids."
_ID = Integer(minimum=1)


def whole_ids(values: Iterable[object]) -> list[int]:
    """The integers among the values, each once, in their order."""
    ids: dict[int, None] = {}
    for value in values:
        try:
            number = _ID.convert(value)
        except PydanticCustomError:
            continue
        if number is not None:
            ids[number] = None
    return list(ids)


async def reorder(db: AsyncSession, user_id: int, course_ids: JsonValue) -> None:
    """Number the caller's courses among `course_ids` from 1 on; what is no id, foreign or an Inbox is skipped."""
    if not isinstance(course_ids, list):
        raise BadRequest(NO_LIST)
    await authors.lock_author_shared(db, user_id, exclusive=True)
    asked = whole_ids(course_ids)
    requested = any_(literal(asked, ARRAY(BigInteger)))
    own = set(
        await db.scalars(
            select(Course.id).where(Course.id == requested, Course.creator_id == user_id, not_(Course.is_default))
        )
    )
    positions = {course_id: position for position, course_id in enumerate((i for i in asked if i in own), start=1)}
    if positions:
        await db.execute(
            update(Course)
            .where(Course.id == any_(bindparam("ids", list(positions), type_=ARRAY(BigInteger))))
            .values(sort_order=case(positions, value=Course.id), last_edit=now())
            .execution_options(synchronize_session=False)
        )
