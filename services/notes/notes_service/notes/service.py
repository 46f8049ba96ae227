"""The rules of notes (notes §5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import TypedDict

from notechondria_contracts.events.notes import NoteCreated, NoteRestored, NoteState, NoteTrashed, NoteUpdated
from notechondria_shared.auth import Caller
from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import NotFound, Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import SessionReader
from notes_service import new_notes
from notes_service.authors import service as authors
from notes_service.blocks.markdown import to_blocks, to_markdown
from notes_service.blocks.schemas import BlockDraft
from notes_service.blocks.service import replace_blocks
from notes_service.courses import service as courses
from notes_service.events import activity_events, publish
from notes_service.models import Note, RecycleBinEntry
from notes_service.notes.access import lock_own
from notes_service.notes.schemas import CreateNote, NoteFields, UpdateNote
from notes_service.text.summary import count_words, excerpt, preview_lines

TRIES = 5
SAID_BY_EVENTS = frozenset({"title", "description", "course_id", "is_public"})
"""Columns whose change is published, as that of the text is; the metadata of a note is nothing that others keep."""
BUSY = "Note not saved: Notes.Notes/create — the same draft is being saved again and again; please try once more."


async def create(db: AsyncSession, caller: Caller, body: CreateNote, *, uuid: UUID | None = None) -> tuple[int, bool]:
    """Make a note, or overwrite the one of the same draft (notes §5.5): its id, and True when it is new.

    A new note gets `uuid`: the folder of its files is named by it, and an import fills that before the note exists.
    """
    await authors.lock_author_shared(db, caller.user_id)
    await _require_course(db, body.course_id)
    columns = sent_columns(caller, body)
    for _ in range(TRIES):
        created = await _insert(db, caller.user_id, body, columns, uuid or uuid4())
        if created is not None:
            await replace_blocks(db, created, first_blocks(body), new=True)
            words = count_words(columns["content"])
            await publish(db, Note.row_event(NoteCreated, created), *activity_events("C", created, words))
            return created.id, True
        note = await db.scalar(
            select(Note)
            .where(Note.creator_id == caller.user_id, Note.client_draft_id == body.client_draft_id)
            .with_for_update()
        )
        if note is not None:
            await _overwrite(db, note, body, columns)
            return note.id, False
        # It was purged between the two statements: the draft id is free again.
    raise Unavailable(BUSY)


class SentColumns(TypedDict):
    """What both a new note and an overwritten one take from the request."""

    title: str
    description: str
    content: str
    metadata_json: str
    is_public: bool
    course_id: int | None
    editor_mode: str


def sent_columns(caller: Caller, body: CreateNote) -> SentColumns:
    """The columns of a saved note, as the request has them."""
    return {
        "title": body.title,
        "description": body.description or "",
        "content": _text(body),
        "metadata_json": body.metadata_json or "",
        "is_public": body.is_public,
        "course_id": body.course_id,
        "editor_mode": body.editor_mode or caller.editor_mode,
    }


async def _insert(
    db: AsyncSession, user_id: int, body: CreateNote, columns: SentColumns, uuid: UUID
) -> new_notes.PublishedNote | None:
    """The new note; None when the draft id is in use. A concurrent insert of the same draft id is waited for."""
    at = now()
    return await SessionReader(db).one(
        new_notes.INSERT,
        **columns,
        creator_id=user_id,
        uuid=uuid,
        sharing_id=str(uuid4()),
        custom_meta=body.custom_meta or "",
        client_draft_id=body.client_draft_id or None,
        note_type=body.note_type,
        source_note_id=await _lock_source(db, body.source_note_uuid),
        excerpt=excerpt(columns["content"], columns["description"]),
        preview_lines=preview_lines(columns["content"]),
        date_created=at,
        last_edit=at,
    )


async def _overwrite(db: AsyncSession, note: Note, body: CreateNote, columns: SentColumns) -> None:
    for name, value in columns.items():
        setattr(note, name, value)
    if body.sent("custom_meta"):
        note.custom_meta = body.custom_meta or ""
    event: type[NoteState] = NoteUpdated
    if note.deleted_at is not None:
        event = NoteRestored
        await _leave_bin(db, note)
    note.save()
    await replace_blocks(db, note, first_blocks(body))
    await publish(db, note.event(event), *activity_events("E", note, count_words(note.content)))


def _text(body: CreateNote) -> str:
    """The text of a saved note: what was sent, else what its blocks render to (decision 52)."""
    return body.text or (to_markdown(body.blocks, body.title) if body.blocks else "")


def first_blocks(body: CreateNote) -> list[BlockDraft]:
    """The blocks sent, else those of content, description or title: the first that is not empty."""
    if body.blocks:
        return body.blocks
    return to_blocks(body.text or body.description or "", body.title) or [BlockDraft("T", body.title)]


async def update_note(
    db: AsyncSession,
    user_id: int,
    note_id: int,
    body: UpdateNote,
    precondition: Precondition,
    *,
    all_words: bool = False,
    quiet: bool = False,
) -> None:
    """Apply what was sent (notes §5.6); a change of metadata alone is not published (`NoteUpdated`).

    `all_words` counts the whole text, not what changed of it (notes §9.1); `quiet` records no activity at all.
    """
    course_is_known = await _course_is_known(db, body.course_id)  # courses are locked before notes
    note = await lock_own(db, user_id, note_id, precondition)
    if not course_is_known:
        raise NotFound(courses.UNKNOWN)
    sent = {**plain_values(body), **({"course_id": body.course_id} if body.sent("course_id") else {})}
    published = any(getattr(note, name) != value for name, value in sent.items() if name in SAID_BY_EVENTS)
    for name, value in sent.items():
        setattr(note, name, value)
    words = 0
    if (text := new_text(note.content, note.title, body)) is not None:
        note.content, words = text.content, text.words
        await replace_blocks(db, note, text.blocks)
    if all_words and words:
        words = count_words(note.content)
    note.save()
    if published or text is not None:
        await publish(db, note.event(NoteUpdated), *activity_events("E", note, 0 if quiet else words))


def plain_values(body: UpdateNote) -> dict[str, Any]:
    """The columns beside text and course that were sent, with their values."""
    values = {name: getattr(body, name) for name in ("title", "description", "is_public") if body.sent(name)}
    values |= {name: getattr(body, name) or "" for name in ("metadata_json", "custom_meta") if body.sent(name)}
    return {**values, "editor_mode": body.editor_mode} if body.editor_mode else values


@dataclass(frozen=True, slots=True)
class NewText:
    """What a change makes of a note's text: the blocks, and the words of the activity row."""

    content: str
    blocks: Sequence[BlockDraft]
    words: int


def new_text(before: str, title: str, body: NoteFields) -> NewText | None:
    """The text after blocks, or content and markdown were sent for the text `before`; None when none of them was."""
    if body.sent("blocks"):
        content = to_markdown(body.blocks, title)
        return NewText(content, body.blocks, count_words(content))
    if not (body.sent("content") or body.sent("markdown")):
        return None
    # A blank content alone empties the note, a blank markdown alone changes nothing.
    content = body.text or ("" if body.sent("content") else before)
    after = count_words(content)
    return NewText(content, to_blocks(content, title), max(abs(after - count_words(before)), after))


async def trash(db: AsyncSession, user_id: int, note_id: int, precondition: Precondition) -> None:
    """Move a note to the recycle bin; it and its comments become private (notes §5.8)."""
    note = await lock_own(db, user_id, note_id, precondition, with_comments=True)
    note.deleted_at = at = now()
    note.is_public = False
    note.save()
    about = {"title": note.title, "description": note.description, "course_id": note.course_id}
    entry = upsert(RecycleBinEntry).values(
        creator_id=user_id, note_id=note_id, deleted_at=at, metadata_json=json.dumps(about, ensure_ascii=False)
    )
    renewed = {name: entry.excluded[name] for name in ("deleted_at", "metadata_json", "last_edit")}
    await db.execute(
        entry.on_conflict_do_update(index_elements=[RecycleBinEntry.creator_id, RecycleBinEntry.note_id], set_=renewed)
    )
    hidden = await db.execute(
        Note.bulk_change(
            Note.source_note_id == note_id,
            Note.note_type == "C",
            Note.deleted_at.is_(None),
            Note.is_public,
            is_public=False,
        )
    )
    await publish(db, note.event(NoteTrashed), *(Note.row_event(NoteUpdated, row) for row in hidden))


async def restore(db: AsyncSession, user_id: int, note_id: int) -> None:
    """Bring an own note back from the recycle bin (notes §7); 404 when it is not there."""
    note = await db.scalar(
        select(Note)
        .where(Note.id == note_id, Note.creator_id == user_id, Note.deleted_at.is_not(None))
        .with_for_update()
    )
    if note is None:
        raise NotFound("Note not restored: Notes.RecycleBin/restore — it does not lie in your recycle bin.")
    await _leave_bin(db, note)
    note.save()
    await publish(db, note.event(NoteRestored))


async def _leave_bin(db: AsyncSession, note: Note) -> None:
    note.deleted_at = None
    await db.execute(delete(RecycleBinEntry).where(RecycleBinEntry.note_id == note.id))


async def _course_is_known(db: AsyncSession, course_id: int | None) -> bool:
    return course_id is None or await courses.lock_shared(db, course_id)


async def _require_course(db: AsyncSession, course_id: int | None) -> None:
    if not await _course_is_known(db, course_id):
        raise NotFound(courses.UNKNOWN)


async def _lock_source(db: AsyncSession, uuid: UUID | None) -> int | None:
    """The id of the note that a comment belongs to; unknown and deleted ones count as none (notes §5.4)."""
    if uuid is None:
        return None
    note_id: int | None = await db.scalar(
        select(Note.id).where(Note.uuid == uuid, Note.deleted_at.is_(None)).with_for_update(read=True, key_share=True)
    )
    return note_id
