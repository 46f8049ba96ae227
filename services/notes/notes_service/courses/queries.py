"""Reads of courses: three statements for a list of any length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Text,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.sql import Select

from notechondria_shared.db import prepare, prepare_scalar
from notes_service.models import Author, Course, CourseMedia, CourseSubscription, Note
from notes_service.summaries.queries import NEWEST, SummaryRow, live, summaries, visible

RECENT_NOTES = 5

_VIEWER: BindParameter[int] = bindparam("viewer", type_=BigInteger)
_own = CourseSubscription.__table__.alias("own")
_all = CourseSubscription.__table__.alias("everybody")


@dataclass(slots=True)
class CourseRow:
    """A course with its owner, and the reader's subscription."""

    id: int
    client_course_id: str | None
    slug: str
    title: str
    description: str | None
    cover_image: str
    icon: int | None
    color_hue: int | None
    is_default: bool
    sort_order: int
    creator_id: int | None
    username: str
    """As `image_path`, null without an owner."""
    image_path: str
    subscriber_count: int
    subscribed_at: datetime | None
    last_opened_at: datetime | None
    is_private: bool | None
    """Null without a subscription."""


@dataclass(slots=True)
class CourseOwnerRow:
    """Whose a course is."""

    id: int
    creator_id: int | None


@dataclass(slots=True)
class CourseMediaRow:
    """A picture of a course; `image` is its path in the store."""

    id: int
    course_id: int
    title: str
    description: str | None
    source: str | None
    image: str


def _courses() -> Select[*tuple[object, ...]]:
    subscribers = (
        select(func.count()).where(_all.c.course_id == Course.id, _all.c.is_active).correlate(Course).scalar_subquery()
    )
    return (
        select(
            Course.id,
            Course.client_course_id,
            Course.slug,
            Course.title,
            Course.description,
            Course.cover_image,
            Course.icon,
            Course.color_hue,
            Course.is_default,
            Course.sort_order,
            Course.creator_id,
            Author.username,
            Author.image_path,
            subscribers.label("subscriber_count"),
            _own.c.subscribed_at,
            _own.c.last_opened_at,
            _own.c.is_private,
        )
        .outerjoin(Author, Author.user_id == Course.creator_id)
        .outerjoin(_own, and_(_own.c.course_id == Course.id, _own.c.creator_id == _VIEWER, _own.c.is_active))
    )


_RANK = case(
    (Course.is_default, 0),
    (Course.sort_order != 0, 1),
    (_own.c.subscribed_at.is_not(None), 2),
    else_=3,
)
ORDER = (
    _RANK,
    case((_RANK == 1, Course.sort_order), else_=0),
    case((_RANK == 2, func.coalesce(_own.c.last_opened_at, _own.c.subscribed_at)), else_=None).desc(),
    func.lower(Course.title).collate("C"),
    Course.sort_order,
    Course.title.collate("C"),
    Course.id,
)
"""The order of course lists (notes §4.3). Titles go by their characters, whatever language the database sorts by."""

# Other people's Inboxes are of no use to anybody (notes §12, 2).
_listed = _courses().where(or_(not_(Course.is_default), Course.creator_id == _VIEWER)).order_by(*ORDER)
LIST = prepare(_listed, CourseRow)
# What strangers see first holds something they can read (apps §8).
# Of its owner: a public note that a stranger files there must not show a private folder to everybody.
_with_public_note = (
    exists()
    .where(
        Note.course_id == Course.id,
        or_(Course.creator_id.is_(None), Note.creator_id == Course.creator_id),
        Note.is_public,
        *live(),
    )
    .correlate(Course)
)
_shown_to_strangers = and_(not_(Course.is_default), _with_public_note)
_public = _courses().where(_shown_to_strangers).order_by(*ORDER)
_LIMIT, _OFFSET = bindparam("limit", type_=BigInteger), bindparam("offset", type_=BigInteger)
PUBLIC = prepare(_public, CourseRow)
PUBLIC_PAGE = prepare(_public.limit(_LIMIT).offset(_OFFSET), CourseRow)
PUBLIC_TOTAL = prepare_scalar(select(func.count()).select_from(Course).where(_shown_to_strangers), int)
LIST_PAGE = prepare(_listed.limit(_LIMIT).offset(_OFFSET), CourseRow)
LIST_TOTAL = prepare_scalar(
    select(func.count()).select_from(Course).where(or_(not_(Course.is_default), Course.creator_id == _VIEWER)), int
)
FIRST = prepare(
    _courses()
    .where(
        or_(
            Course.creator_id == _VIEWER,
            and_(not_(Course.is_default), or_(_own.c.subscribed_at.is_not(None), _with_public_note)),
        )
    )
    .order_by(*ORDER)
    .limit(bindparam("most", type_=BigInteger)),
    CourseRow,
)
OWN = prepare(_courses().where(Course.creator_id == _VIEWER).order_by(*ORDER), CourseRow)
ONE = prepare(_courses().where(Course.id == bindparam("course_id")), CourseRow)
TWIN = prepare_scalar(
    select(Course.id).where(
        Course.creator_id == bindparam("user_id", type_=BigInteger),
        func.lower(Course.title) == func.lower(bindparam("title", type_=Text)),
        Course.id != bindparam("but", type_=BigInteger),
    ),
    int,
)
"""Another course of a user with this title."""
OWNER = prepare(select(Course.id, Course.creator_id).where(Course.id == bindparam("course_id")), CourseOwnerRow)
_in_course = (Note.course_id == bindparam("course_id"), *live(), visible(_VIEWER))
_notes = summaries().where(*_in_course).order_by(*NEWEST)
NOTE_IDS = prepare_scalar(select(Note.id).where(*_in_course).order_by(*NEWEST), int)
"""All of a course, last edited first."""
NOTES_OF = prepare(
    summaries().where(Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger))), *_in_course), SummaryRow
)
"""Of `note_ids` those that are in the course, in any order."""
NOTES_PAGE = prepare(_notes.limit(_LIMIT).offset(_OFFSET), SummaryRow)
NOTES_TOTAL = prepare_scalar(select(func.count()).select_from(Note).where(*_in_course), int)

_requested = (
    func.unnest(bindparam("course_ids", type_=ARRAY(BigInteger)))
    .table_valued("course_id", name="requested")
    .render_derived(name="requested")
)
_newest = (
    select(Note.id)
    .where(Note.course_id == _requested.c.course_id, *live(), visible(_VIEWER))
    .order_by(*NEWEST)
    .limit(RECENT_NOTES)
    .lateral("newest")
)
RECENT = prepare(
    summaries()
    .where(Note.id.in_(select(_newest.c.id).select_from(_requested.join(_newest, true()))))
    .order_by(*NEWEST),
    SummaryRow,
)
MEDIA = prepare(
    select(
        CourseMedia.id,
        CourseMedia.course_id,
        CourseMedia.title,
        CourseMedia.description,
        CourseMedia.source,
        CourseMedia.image,
    )
    .where(CourseMedia.course_id == any_(bindparam("course_ids", type_=ARRAY(BigInteger))))
    .order_by(CourseMedia.date_created, CourseMedia.id),
    CourseMediaRow,
)
