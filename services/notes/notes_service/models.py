"""The tables of the notes schema (notes §2)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, Uuid, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from notechondria_contracts.events.notes import CourseState, NoteState
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import COLUMN_TYPES, service_metadata
from notechondria_shared.db.tables import Dated
from notechondria_shared.messaging import Aggregate
from notechondria_shared.messaging.tables import event_tables
from notechondria_shared.storage.deletions import file_deletions
from notes_service.text.summary import excerpt, preview_lines


class Base(DeclarativeBase):
    """Declarative base of the notes schema."""

    metadata = service_metadata("notes")
    type_annotation_map = COLUMN_TYPES


EVENTS = event_tables(Base)
FILE_DELETIONS = file_deletions(Base.metadata)

AUTHOR = "notes.authors.user_id"
COURSE = "notes.courses.id"
NOTE = "notes.notes.id"


class Author(Base):
    """The projection of an account; every row of a user refers to it."""

    __tablename__ = "authors"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    username: Mapped[str] = mapped_column(String(150))
    image_path: Mapped[str] = mapped_column(default="")
    editor_mode: Mapped[str] = mapped_column(String(1), default="P")
    revision: Mapped[int] = mapped_column(default=0)
    """Of the last event consumed; 0 for a row made at the first request, which any event overwrites."""
    seeded_at: Mapped[datetime | None]
    """When Inbox and welcome note were made, so that a late event does not make them again."""
    inbox_removed_at: Mapped[datetime | None]
    """When the author deleted the Inbox, which then stays gone until they make one (apps §5)."""


class Course(Base, Dated, Aggregate[CourseState]):
    """A folder of notes (notes §2.1)."""

    __tablename__ = "courses"
    __table_args__ = (
        Index("uq_courses_creator_id_title", "creator_id", text("lower(title)"), unique=True),
        Index(
            "uq_courses_creator_id_client_course_id",
            "creator_id",
            "client_course_id",
            unique=True,
            postgresql_where=text("client_course_id IS NOT NULL"),
        ),
        Index("ix_courses_creator_id_default", "creator_id", "id", postgresql_where=text("is_default")),
        CheckConstraint("color_hue BETWEEN 0 AND 359", name="color_hue"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int | None] = mapped_column(ForeignKey(AUTHOR, ondelete="SET NULL"))
    client_course_id: Mapped[str | None] = mapped_column(String(64))
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(default="")
    cover_image: Mapped[str] = mapped_column(default="")
    """Path below /media/; empty for none."""
    icon: Mapped[int | None]
    color_hue: Mapped[int | None] = mapped_column(SmallInteger)
    """Degrees on the colour wheel, 0 to 359 (apps §5)."""
    is_default: Mapped[bool] = mapped_column(default=False)
    sort_order: Mapped[int] = mapped_column(default=0)

    event_attributes = {"course_id": "id", "user_id": "creator_id", "title": "title"}  # noqa: RUF012 - never changed


class CourseMedia(Base):
    """A picture of a course (notes §2.2)."""

    __tablename__ = "course_media"
    __table_args__ = (Index("ix_course_media_course_id_date_created", "course_id", "date_created", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey(COURSE, ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str | None] = mapped_column(String(255))
    image: Mapped[str] = mapped_column(default="")
    source: Mapped[str | None] = mapped_column(String(255))
    date_created: Mapped[datetime] = mapped_column(default=now)


class CourseSubscription(Base, Dated):
    """A reader of a course (notes §2.3)."""

    __tablename__ = "course_subscriptions"
    __table_args__ = (
        UniqueConstraint("creator_id", "course_id"),
        Index("ix_course_subscriptions_course_id", "course_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey(AUTHOR, ondelete="CASCADE"))
    course_id: Mapped[int] = mapped_column(ForeignKey(COURSE, ondelete="CASCADE"))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_private: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Subscribed for oneself only, as the newest portal offers it (apps §5)."""
    subscribed_at: Mapped[datetime] = mapped_column(default=now)
    last_opened_at: Mapped[datetime | None]


class CourseOperation(Base):
    """One line of the log of subscriptions and openings (notes §2.4); append only."""

    __tablename__ = "course_operations"
    __table_args__ = (
        CheckConstraint("operation_type IN ('subscribe', 'unsubscribe', 'open')", name="operation_type"),
        Index("ix_course_operations_creator_id", "creator_id"),
        Index("ix_course_operations_course_id", "course_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey(AUTHOR, ondelete="CASCADE"))
    course_id: Mapped[int] = mapped_column(ForeignKey(COURSE, ondelete="CASCADE"))
    operation_type: Mapped[str] = mapped_column(String(16))
    metadata_json: Mapped[str] = mapped_column(default="")
    occurred_at: Mapped[datetime] = mapped_column(default=now)
    date_created: Mapped[datetime] = mapped_column(default=now)


class Note(Base, Dated, Aggregate[NoteState]):
    """A note (notes §2.5). `excerpt` and `preview_lines` are stored beside the text, so that lists never read it."""

    __tablename__ = "notes"
    __table_args__ = (
        CheckConstraint("note_type IN ('N', 'C')", name="note_type"),
        CheckConstraint("editor_mode IN ('G', 'B', 'P')", name="editor_mode"),
        Index(
            "ix_notes_creator_id_last_edit",
            "creator_id",
            text("last_edit DESC"),
            text("id DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_notes_creator_id_deleted_at",
            "creator_id",
            text("deleted_at DESC"),
            text("id DESC"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        Index("ix_notes_deleted_at", "deleted_at", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        Index(
            "ix_notes_public_last_edit",
            text("last_edit DESC"),
            text("id DESC"),
            postgresql_where=text("is_public AND deleted_at IS NULL"),
        ),
        Index("ix_notes_course_id_last_edit", "course_id", text("last_edit DESC"), text("id DESC")),
        Index("ix_notes_cover_image", "cover_image", postgresql_where=text("cover_image <> ''")),
        Index("ix_notes_source_note_id", "source_note_id", postgresql_where=text("source_note_id IS NOT NULL")),
        Index(
            "uq_notes_creator_id_client_draft_id",
            "creator_id",
            "client_draft_id",
            unique=True,
            postgresql_where=text("client_draft_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey(AUTHOR, ondelete="CASCADE"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey(COURSE, ondelete="SET NULL"))
    uuid: Mapped[UUID] = mapped_column(Uuid, default=uuid4, unique=True)
    sharing_id: Mapped[str] = mapped_column(String(36), default=lambda: str(uuid4()), unique=True)
    title: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(600))
    is_public: Mapped[bool] = mapped_column(default=False)
    content: Mapped[str] = mapped_column(default="")
    excerpt: Mapped[str] = mapped_column(default="")
    preview_lines: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    metadata_json: Mapped[str] = mapped_column(default="")
    custom_meta: Mapped[str] = mapped_column(default="")
    client_draft_id: Mapped[str | None] = mapped_column(String(64))
    deleted_at: Mapped[datetime | None]
    note_type: Mapped[str] = mapped_column(String(1), default="N")
    source_note_id: Mapped[int | None] = mapped_column(ForeignKey(NOTE, ondelete="SET NULL"))
    editor_mode: Mapped[str] = mapped_column(String(1), default="P")
    cover_image: Mapped[str] = mapped_column(default="")
    """Path below /media/; empty for none."""
    cover_size: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Bytes; 0 for none, and for those from before sizes were kept."""

    event_attributes = {  # noqa: RUF012 - never changed
        "note_id": "id",
        "uuid": "uuid",
        "user_id": "creator_id",
        "title": "title",
        "description": "description",
        "course_id": "course_id",
    }

    def save(self) -> None:
        """Mark as changed: `last_edit` (notes §1), and what lists show of the text."""
        self.touch()
        self.excerpt = excerpt(self.content, self.description)
        self.preview_lines = preview_lines(self.content)


class WorkSession(Base):
    """A session of work on a note, as planner published it: by their number notes are popular (apps §4)."""

    __tablename__ = "work_sessions"
    __table_args__ = (
        Index("ix_work_sessions_note_id", "note_id"),
        Index("ix_work_sessions_started_at", "started_at"),
    )

    session_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note_id: Mapped[int] = mapped_column(ForeignKey(NOTE, ondelete="CASCADE"))
    user_id: Mapped[int]
    started_at: Mapped[datetime]


class NoteBlock(Base, Dated):
    """A block (notes §2.6); `note_id` is the note that owns it."""

    __tablename__ = "note_blocks"
    __table_args__ = (
        CheckConstraint("block_type IN ('T','S','N','U','E','P','C','Q','I','L','H')", name="block_type"),
        Index("ix_note_blocks_note_id", "note_id"),
        Index("ix_note_blocks_creator_id", "creator_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int]
    note_id: Mapped[int | None] = mapped_column(ForeignKey(NOTE, ondelete="CASCADE"))
    block_type: Mapped[str] = mapped_column(String(1), default="N")
    text: Mapped[str | None]
    args: Mapped[str | None] = mapped_column(String(256))
    is_ai_generated: Mapped[bool] = mapped_column(default=False)
    image: Mapped[str] = mapped_column(default="")
    file: Mapped[str] = mapped_column(default="")


class NoteIndex(Base):
    """Which blocks a note shows, and in what order (notes §2.6); one block may stand in several notes."""

    __tablename__ = "note_index"
    __table_args__ = (
        UniqueConstraint("note_id", "position", deferrable=True, initially="DEFERRED"),
        Index("ix_note_index_block_id", "block_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey(NOTE, ondelete="CASCADE"))
    block_id: Mapped[int] = mapped_column(ForeignKey("notes.note_blocks.id", ondelete="CASCADE"))
    position: Mapped[int]


class NoteAttachment(Base):
    """A file of a note (notes §2.7)."""

    __tablename__ = "note_attachments"
    __table_args__ = (
        CheckConstraint("file_size >= 0", name="file_size"),
        Index("ix_note_attachments_note_id_date_created", "note_id", text("date_created DESC"), text("id DESC")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey(NOTE, ondelete="CASCADE"))
    file: Mapped[str]
    original_filename: Mapped[str] = mapped_column(String(255))
    file_size: Mapped[int]
    content_type: Mapped[str] = mapped_column(String(128), default="")
    date_created: Mapped[datetime] = mapped_column(default=now)


class NoteVersion(Base):
    """An earlier state of a note (notes §2.7)."""

    __tablename__ = "note_versions"
    __table_args__ = (
        Index("ix_note_versions_note_id_date_created", "note_id", text("date_created DESC"), text("id DESC")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey(NOTE, ondelete="CASCADE"))
    creator_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(600))
    content: Mapped[str]
    metadata_json: Mapped[str] = mapped_column(default="")
    editor_mode: Mapped[str] = mapped_column(String(1))
    reason: Mapped[str] = mapped_column(String(32), default="manual")
    date_created: Mapped[datetime] = mapped_column(default=now)


class FileClaim(Base):
    """The path of a file that an upload is moving to its final path: no other upload takes it meanwhile."""

    __tablename__ = "file_claims"

    path: Mapped[str] = mapped_column(primary_key=True)
    claimed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class ImportJob(Base, Dated):
    """An import that goes on after its request, and what came of it (docs/notes.md)."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done', 'failed', 'interrupted')", name="state"),
        Index("ix_imports_creator_id_id", "creator_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey(AUTHOR, ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16), default="running")
    is_dry_run: Mapped[bool] = mapped_column(default=False)
    files: Mapped[int] = mapped_column(default=0)
    files_done: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(default="")
    """The answer as JSON, once it is done."""
    error: Mapped[str] = mapped_column(default="")
    seen_at: Mapped[datetime] = mapped_column(default=now)
    """When the process that runs it last said that it does; long ago means that it was cut off."""


class RecycleBinEntry(Base, Dated):
    """A note in the recycle bin (notes §2.7): there is one exactly while `deleted_at` of the note is set."""

    __tablename__ = "recycle_bin_entries"
    __table_args__ = (
        UniqueConstraint("creator_id", "note_id"),
        Index("ix_recycle_bin_entries_note_id", "note_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int]
    note_id: Mapped[int] = mapped_column(ForeignKey(NOTE, ondelete="CASCADE"))
    item_type: Mapped[str] = mapped_column(String(16), default="note")
    deleted_at: Mapped[datetime] = mapped_column(default=now)
    metadata_json: Mapped[str] = mapped_column(default="")
