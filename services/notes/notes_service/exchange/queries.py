"""Reads of exports: pages of notes by id, and everything of a user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, BindParameter, any_, bindparam, cast, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from notechondria_shared.db import prepare, prepare_scalar
from notes_service.models import (
    Course,
    CourseSubscription,
    Note,
    NoteAttachment,
    NoteBlock,
    NoteIndex,
    NoteVersion,
    RecycleBinEntry,
)

PAGE = 1000
"""Notes whose sizes are read at once; their texts come in groups, by size."""

_USER: BindParameter[int] = bindparam("user_id", type_=BigInteger)
_COURSE: BindParameter[int | None] = bindparam("course_id", type_=BigInteger)
_NOTE: BindParameter[int | None] = bindparam("note_id", type_=BigInteger)
_IDS = any_(bindparam("note_ids", type_=ARRAY(BigInteger)))


@dataclass(slots=True)
class ExportedNote:
    """A note with its text, its course's title and the uuid of the note it comments on."""

    id: int
    uuid: UUID
    title: str
    description: str | None
    content: str
    metadata_json: str
    custom_meta: str
    is_public: bool
    editor_mode: str
    note_type: str
    cover_image: str
    course_id: int | None
    date_created: datetime
    last_edit: datetime
    deleted_at: datetime | None
    course: str | None
    source_note_uuid: UUID | None


@dataclass(slots=True)
class ExportedCourse:
    """A course of the user."""

    id: int
    client_course_id: str | None
    slug: str
    title: str
    description: str | None
    icon: int | None
    color_hue: int | None
    is_default: bool
    sort_order: int
    cover_image: str
    date_created: datetime
    last_edit: datetime


@dataclass(slots=True)
class ExportedAttachment:
    """A file of a note."""

    note_id: int
    file: str
    original_filename: str
    file_size: int
    content_type: str
    date_created: datetime


@dataclass(slots=True)
class NoteSize:
    """How many bytes the texts of a note have, and those of its versions, of which there are `versions`."""

    id: int
    octets: int
    version_octets: int
    versions: int


@dataclass(slots=True)
class NoteName:
    """What the file of a note is called by."""

    id: int
    uuid: UUID
    title: str
    course: str | None


@dataclass(slots=True)
class BlockOfNote:
    """A block as a note shows it."""

    note_id: int
    block_type: str
    text: str | None
    args: str | None
    is_ai_generated: bool


@dataclass(slots=True)
class ExportedVersionRow:
    """An earlier state of a note."""

    note_id: int
    title: str
    description: str | None
    content: str
    metadata_json: str
    editor_mode: str
    reason: str
    date_created: datetime


@dataclass(slots=True)
class ExportedBlock:
    """A block of the user."""

    note_id: int | None
    block_type: str
    text: str | None
    args: str | None
    is_ai_generated: bool
    image: str
    file: str


@dataclass(slots=True)
class ExportedSubscription:
    """A course that the user reads."""

    course_id: int
    is_active: bool
    subscribed_at: datetime
    last_opened_at: datetime | None


@dataclass(slots=True)
class ExportedBinEntry:
    """A note in the recycle bin."""

    note_id: int
    deleted_at: datetime
    metadata_json: str


_source = aliased(Note, name="source")
_note = (
    select(
        Note.id,
        Note.uuid,
        Note.title,
        Note.description,
        Note.content,
        Note.metadata_json,
        Note.custom_meta,
        Note.is_public,
        Note.editor_mode,
        Note.note_type,
        Note.cover_image,
        Note.course_id,
        Note.date_created,
        Note.last_edit,
        Note.deleted_at,
        Course.title.label("course"),
        _source.uuid.label("source_note_uuid"),
    )
    .outerjoin(Course, Course.id == Note.course_id)
    .outerjoin(_source, _source.id == Note.source_note_id)
    .where(Note.creator_id == _USER)
    .order_by(Note.id)
)
NOTES_OF = prepare(_note.where(Note.id == _IDS), ExportedNote)
_block_octets = (
    select(func.coalesce(func.sum(func.octet_length(NoteBlock.text)), 0))
    .where(NoteBlock.note_id == Note.id)
    .scalar_subquery()
)
_versions = (
    select(
        NoteVersion.note_id,
        func.sum(func.octet_length(NoteVersion.content) + func.octet_length(NoteVersion.metadata_json)).label("octets"),
        func.count().label("number"),
    )
    .where(NoteVersion.note_id == Note.id)
    .group_by(NoteVersion.note_id)
    .lateral("history")
)
SIZES = prepare(
    select(
        Note.id,
        cast(
            func.octet_length(Note.content)
            + func.octet_length(Note.metadata_json)
            + func.octet_length(Note.custom_meta)
            + _block_octets,
            BigInteger,
        ).label("octets"),
        cast(func.coalesce(_versions.c.octets, 0), BigInteger).label("version_octets"),
        cast(func.coalesce(_versions.c.number, 0), BigInteger).label("versions"),
    )
    .outerjoin(_versions, true())
    .where(
        Note.creator_id == _USER,
        Note.id > bindparam("after", type_=BigInteger),
        or_(_COURSE.is_(None), Note.course_id == _COURSE),
        or_(_NOTE.is_(None), Note.id == _NOTE),
    )
    .order_by(Note.id)
    .limit(PAGE),
    NoteSize,
)
"""With those in the recycle bin."""
NOTES = prepare(_note, ExportedNote)
COURSES = prepare(
    select(
        Course.id,
        Course.client_course_id,
        Course.slug,
        Course.title,
        Course.description,
        Course.icon,
        Course.color_hue,
        Course.is_default,
        Course.sort_order,
        Course.cover_image,
        Course.date_created,
        Course.last_edit,
    )
    .where(Course.creator_id == _USER)
    .order_by(Course.id),
    ExportedCourse,
)
NAMES = prepare(
    select(Note.id, Note.uuid, Note.title, Course.title.label("course"))
    .outerjoin(Course, Course.id == Note.course_id)
    .where(
        Note.creator_id == _USER,
        Note.deleted_at.is_(None),
        or_(_COURSE.is_(None), Note.course_id == _COURSE),
        or_(_NOTE.is_(None), Note.id == _NOTE),
    )
    .order_by(Note.id),
    NoteName,
)
_attachment = select(
    NoteAttachment.note_id,
    NoteAttachment.file,
    NoteAttachment.original_filename,
    NoteAttachment.file_size,
    NoteAttachment.content_type,
    NoteAttachment.date_created,
).order_by(NoteAttachment.note_id, NoteAttachment.id)
ATTACHMENTS_OF = prepare(_attachment.where(NoteAttachment.note_id == _IDS), ExportedAttachment)
ATTACHMENTS = prepare(
    _attachment.join(Note, Note.id == NoteAttachment.note_id).where(Note.creator_id == _USER), ExportedAttachment
)
_sibling = aliased(NoteAttachment, name="sibling")
FILES_OF_FULL_NOTES = prepare_scalar(
    select(NoteAttachment.file)
    .join(Note, Note.id == NoteAttachment.note_id)
    .where(
        Note.creator_id == _USER,
        exists().where(_sibling.note_id == NoteAttachment.note_id, _sibling.id != NoteAttachment.id),
    )
    .order_by(NoteAttachment.id),
    str,
)
"""Of the notes that have more than one."""
_version = select(
    NoteVersion.note_id,
    NoteVersion.title,
    NoteVersion.description,
    NoteVersion.content,
    NoteVersion.metadata_json,
    NoteVersion.editor_mode,
    NoteVersion.reason,
    NoteVersion.date_created,
).order_by(NoteVersion.note_id, NoteVersion.id)
VERSION_IDS = prepare_scalar(
    select(NoteVersion.id).where(NoteVersion.note_id == bindparam("note_id")).order_by(NoteVersion.id), int
)
VERSION = prepare(_version.where(NoteVersion.id == bindparam("version_id")), ExportedVersionRow)
BLOCKS_OF = prepare(
    select(NoteIndex.note_id, NoteBlock.block_type, NoteBlock.text, NoteBlock.args, NoteBlock.is_ai_generated)
    .join(NoteBlock, NoteBlock.id == NoteIndex.block_id)
    .where(NoteIndex.note_id == _IDS)
    .order_by(NoteIndex.note_id, NoteIndex.position, NoteIndex.id),
    BlockOfNote,
)
VERSIONS_OF = prepare(_version.where(NoteVersion.note_id == _IDS), ExportedVersionRow)
VERSIONS = prepare(_version.where(NoteVersion.creator_id == _USER), ExportedVersionRow)
BLOCKS = prepare(
    select(
        NoteBlock.note_id,
        NoteBlock.block_type,
        NoteBlock.text,
        NoteBlock.args,
        NoteBlock.is_ai_generated,
        NoteBlock.image,
        NoteBlock.file,
    )
    .where(NoteBlock.creator_id == _USER)
    .order_by(NoteBlock.note_id, NoteBlock.id),
    ExportedBlock,
)
SUBSCRIPTIONS = prepare(
    select(
        CourseSubscription.course_id,
        CourseSubscription.is_active,
        CourseSubscription.subscribed_at,
        CourseSubscription.last_opened_at,
    )
    .where(CourseSubscription.creator_id == _USER)
    .order_by(CourseSubscription.course_id),
    ExportedSubscription,
)
BIN = prepare(
    select(RecycleBinEntry.note_id, RecycleBinEntry.deleted_at, RecycleBinEntry.metadata_json)
    .where(RecycleBinEntry.creator_id == _USER)
    .order_by(RecycleBinEntry.note_id),
    ExportedBinEntry,
)
