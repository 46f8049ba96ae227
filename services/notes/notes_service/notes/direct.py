"""Creating a note and changing one without a session: one statement writes all of it, and the answer is what was sent.

What an editor saves while somebody types is most of what this product writes. Through the session a creation was eight
round trips to Postgres and a change of the text eleven, each with its share of Python on one side and of waking up on
the other; here they are one and two. Processor time before and after: docs/operations.md, "Measured".

The rules are those of `service`, which also does what these statements do not decide: they then write nothing and
answer nothing, and the request goes the long way, which does it or says why it is refused (comments, a draft that
exists, another course, a note that somebody else changes at the same time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Annotated
from uuid import uuid4

import orjson
from fastapi import Depends

from notechondria_contracts.events.event import IntegrationEvent
from notechondria_contracts.events.notes import NoteCreated, NoteUpdated
from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import iso_z, now
from notechondria_shared.db import Database
from notechondria_shared.messaging.outbox import wrap
from notechondria_shared.web.dependencies import ReadSession
from notes_service.blocks.queries import BlockRow
from notes_service.blocks.schemas import BlockDraft
from notes_service.callers import KnownCaller
from notes_service.events import activity_events
from notes_service.models import EVENTS, Note
from notes_service.new_notes import PublishedNote
from notes_service.notes import direct_queries as queries
from notes_service.notes.access import UNKNOWN, check_write
from notes_service.notes.queries import DetailRow
from notes_service.notes.schemas import CreateNote, UpdateNote
from notes_service.notes.service import SAID_BY_EVENTS, first_blocks, new_text, plain_values, sent_columns
from notes_service.text.summary import count_words, excerpt, preview_lines

NO_NUMBER = 0
"""Of a note that the statement makes, which puts the number into the events."""


@dataclass(frozen=True, slots=True)
class Written:
    """A note as it was written, for the answer."""

    row: DetailRow
    blocks: Sequence[BlockRow]


async def require_seen_note(caller: KnownCaller, note_id: int, read: ReadSession) -> queries.SeenRow:
    """A note that the caller may write, as it stands now; checked before the body is checked (notes §5.1)."""
    row = await read.one(queries.SEEN, note_id=note_id)
    if row is None:
        raise NotFound(UNKNOWN)
    check_write(row.creator_id, row.is_public, caller.user_id)
    return row


SeenNote = Annotated[queries.SeenRow, Depends(require_seen_note)]


async def create(database: Database, caller: Caller, body: CreateNote) -> Written | None:
    """Make a note (notes §5.5); None when it has to go the long way."""
    if body.source_note_uuid is not None:
        return None
    columns, drafts, at = sent_columns(caller, body), first_blocks(body), now()
    content, custom_meta = columns["content"], body.custom_meta or ""
    state = PublishedNote(
        id=NO_NUMBER,
        uuid=uuid4(),
        creator_id=caller.user_id,
        title=columns["title"],
        description=columns["description"],
        course_id=columns["course_id"],
        revision=1,
    )
    shown, lines = excerpt(content, state.description), preview_lines(content)
    rows = await database.run(
        queries.CREATE,
        **columns,
        creator_id=state.creator_id,
        uuid=state.uuid,
        sharing_id=str(uuid4()),
        excerpt=shown,
        preview_lines=lines,
        custom_meta=custom_meta,
        client_draft_id=body.client_draft_id or None,
        note_type=body.note_type,
        at=at,
        events=_sent(Note.row_event(NoteCreated, state), *activity_events("C", state, count_words(content))),
        **_arrays(drafts),
    )
    if not rows:
        return None
    (row,) = rows
    detail = DetailRow(
        id=row.id,
        uuid=state.uuid,
        title=state.title,
        description=state.description,
        excerpt=shown,
        preview_lines=lines,
        editor_mode=columns["editor_mode"],
        note_type=body.note_type,
        is_public=columns["is_public"],
        last_edit=at,
        date_created=at,
        course_id=state.course_id,
        creator_id=state.creator_id,
        cover_image="",
        course_title=row.course_title,
        course_slug=row.course_slug,
        username=row.username,
        image_path=row.image_path,
        source_note_uuid=None,
        content=content,
        metadata_json=columns["metadata_json"],
        custom_meta=custom_meta,
    )
    return Written(detail, [_block(*each, at) for each in zip(row.block_ids, drafts, strict=True)])


async def change(database: Database, caller: Caller, seen: queries.SeenRow, body: UpdateNote) -> Written | None:
    """Apply what was sent to a note that is still as it was seen (notes §5.6); None when it has to go the long way."""
    if body.sent("course_id") and body.course_id != seen.course_id:
        return None
    caller.precondition.check({"last_edit": iso_z(seen.last_edit)})
    at, sent = now(), plain_values(body)
    title, description = sent.get("title", seen.title), sent.get("description", seen.description)
    text = new_text(seen.content, title, body)
    content = seen.content if text is None else text.content
    sent |= {"content": content, "excerpt": excerpt(content, description), "preview_lines": preview_lines(content)}
    # Columns that keep their value are left out: naming one is what wakes the trigger that keeps the search index.
    values = {name: value for name, value in sent.items() if value != getattr(seen, name)}
    published = text is not None or not SAID_BY_EVENTS.isdisjoint(values)
    state = PublishedNote(seen.id, seen.uuid, seen.creator_id, title, description, seen.course_id, seen.revision)
    blocks = await database.run(
        queries.changing(frozenset(values), new_blocks=text is not None, published=published),
        **values,
        note_id=seen.id,
        creator_id=seen.creator_id,
        version=seen.version,
        at=at,
        **({} if text is None else _arrays(text.blocks)),
        **({"events": _changed(state, 0 if text is None else text.words)} if published else {}),
    )
    if not blocks:
        return None
    kept = {field.name: getattr(seen, field.name) for field in fields(DetailRow)}
    row = DetailRow(**{**kept, **values, "last_edit": at})
    return Written(row, [block for block in blocks if block.id is not None])


def _changed(state: PublishedNote, words: int) -> str:
    """The events of a change to a note that is as `state` has it, but for the revision."""
    changed = Note.next_event(NoteUpdated, state)
    return _sent(changed, *activity_events("E", replace(state, revision=changed.revision), words))


def _sent(*events: IntegrationEvent) -> str:
    """Events as the outbox takes them, all in one parameter."""
    return orjson.dumps([envelope.document() for envelope in wrap(EVENTS, *events)]).decode()


def _arrays(drafts: Sequence[BlockDraft]) -> dict[str, object]:
    """Blocks as a statement takes them: a parameter for each column."""
    return {
        "types": [draft.block_type for draft in drafts],
        "texts": [draft.text for draft in drafts],
        "args": [draft.args for draft in drafts],
        "by_ai": [draft.is_ai_generated for draft in drafts],
    }


def _block(block_id: int, draft: BlockDraft, at: datetime) -> BlockRow:
    return BlockRow(
        id=block_id,
        block_type=draft.block_type,
        text=draft.text,
        args=draft.args,
        is_ai_generated=draft.is_ai_generated,
        image="",
        date_created=at,
        last_edit=at,
    )
