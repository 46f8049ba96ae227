"""Calls on single blocks (notes §6): the text of the note follows, and never loses a line that was not named."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import NoteUpdated
from notechondria_shared.auth.precondition import Precondition
from notechondria_shared.core.errors import Forbidden, ListError, NotFound
from notechondria_shared.db import SessionReader
from notes_service.blocks import queries
from notes_service.blocks.markdown import block_markdown, to_markdown, uncovered
from notes_service.blocks.schemas import BlockDraft, UpdateBlock
from notes_service.events import activity_events, publish
from notes_service.models import Note, NoteBlock, NoteIndex
from notes_service.notes.access import lock_own
from notes_service.text.summary import count_words

UNKNOWN = "Block not found: Notes.Blocks/lookup — there is no such block."
NOT_YOURS = "Block not changed: Notes.Blocks/owner — only its author may do that."
WRONG_IDS = "Blocks not reordered: Notes.Blocks/reorder — name each block of the note exactly once."


def check_owner(row: queries.BlockOwnerRow | None, user_id: int) -> None:
    """404 for an unknown block or one of a deleted note (decision 11), 403 for one of somebody else."""
    if row is None or row.deleted_at is not None:
        raise NotFound(UNKNOWN)
    if row.creator_id != user_id:
        raise Forbidden(NOT_YOURS)


async def append(db: AsyncSession, user_id: int, note_id: int, draft: BlockDraft, precondition: Precondition) -> int:
    """Add a block at the end of an own note; its id."""
    note = await lock_own(db, user_id, note_id, precondition)
    await _add_uncovered_text(db, note, becomes_title=draft.block_type == "T")
    block_id = await _insert_last(db, note, draft)
    await _write_text(db, note, _words(draft))
    return block_id


async def change(db: AsyncSession, user_id: int, block_id: int, body: UpdateBlock, precondition: Precondition) -> None:
    """Apply what was sent to an own block (notes §6.1)."""
    note = await _note_of(db, user_id, block_id, precondition)
    block = await _lock_block(db, block_id)
    before = _draft(block)
    after = body.applied_to(before)
    if note is not None:
        await _add_uncovered_text(db, note, becomes_title=after.block_type == "T")
    block.block_type, block.text, block.args = after.block_type, after.text, after.args
    block.is_ai_generated = after.is_ai_generated
    block.touch()
    if note is not None:
        words = _words(after)
        await _write_text(db, note, max(abs(words - _words(before)), words))


async def remove(db: AsyncSession, user_id: int, block_id: int, precondition: Precondition) -> None:
    """Delete an own block, and with it every entry that shows it (notes §6.1)."""
    note = await _note_of(db, user_id, block_id, precondition)
    block = await _lock_block(db, block_id)
    if note is not None:
        await _add_uncovered_text(db, note)
    await db.execute(delete(NoteBlock).where(NoteBlock.id == block_id))
    if note is not None:
        await _write_text(db, note, _words(_draft(block)))


async def reorder(
    db: AsyncSession, user_id: int, note_id: int, block_ids: Sequence[int], precondition: Precondition
) -> None:
    """Give the blocks of an own note the positions 0, 1, 2… (notes §6.4); 400 array unless each is named once."""
    note = await lock_own(db, user_id, note_id, precondition)
    current = [row.id for row in await SessionReader(db).all(queries.OF_NOTE, note_id=note_id)]
    if sorted(current) != sorted(block_ids):
        raise ListError(WRONG_IDS)
    await _add_uncovered_text(db, note)
    positions = {block_id: position for position, block_id in enumerate(block_ids)}
    # What `_add_uncovered_text` added stays behind the blocks that the caller knows.
    await db.execute(
        update(NoteIndex)
        .where(NoteIndex.note_id == note_id)
        .values(position=case(positions, value=NoteIndex.block_id, else_=NoteIndex.position + len(positions)))
        .execution_options(synchronize_session=False)
    )
    await _write_text(db, note, 0)


def _words(draft: BlockDraft) -> int:
    return count_words(block_markdown(draft))


def _draft(block: NoteBlock | queries.BlockRow) -> BlockDraft:
    """A block's row as a draft."""
    return BlockDraft(block.block_type, block.text or "", block.args, block.is_ai_generated)


async def _drafts(db: AsyncSession, note_id: int) -> list[BlockDraft]:
    rows = await SessionReader(db).all(queries.OF_NOTE, note_id=note_id)
    return [_draft(row) for row in rows]


async def _add_uncovered_text(db: AsyncSession, note: Note, *, becomes_title: bool = False) -> None:
    """Put text that the blocks do not hold, of a note saved with both, into a block of its own (notes §6.2).

    The title line of a note without a title block goes when it gets one: `becomes_title` makes it a block.
    """
    if not note.content:
        return
    drafts = await _drafts(db, note.id)
    heading = f"# {note.title}"
    if (
        becomes_title
        and not any(draft.block_type == "T" for draft in drafts)
        and not uncovered(heading, note.content)
        and drafts
    ):
        title = BlockDraft("T", note.title)
        await _insert_first(db, note, title)
        drafts.insert(0, title)
    uncovered_text = uncovered(note.content, to_markdown(drafts, note.title))
    if uncovered_text:
        await _insert_last(db, note, BlockDraft("N", uncovered_text))


async def _write_text(db: AsyncSession, note: Note, words: int) -> None:
    """Render the note's text from its blocks, and publish the change."""
    note.content = to_markdown(await _drafts(db, note.id), note.title)
    note.save()
    await publish(db, note.event(NoteUpdated), *activity_events("E", note, words))


async def _insert_first(db: AsyncSession, note: Note, draft: BlockDraft) -> None:
    await db.execute(
        update(NoteIndex)
        .where(NoteIndex.note_id == note.id)
        .values(position=NoteIndex.position + 1)
        .execution_options(synchronize_session=False)
    )
    block = await _insert(db, note, draft)
    await db.execute(insert(NoteIndex).values(note_id=note.id, block_id=block.id, position=0))


async def _insert_last(db: AsyncSession, note: Note, draft: BlockDraft) -> int:
    block = await _insert(db, note, draft)
    highest = select(func.coalesce(func.max(NoteIndex.position) + 1, 0)).where(NoteIndex.note_id == note.id)
    await db.execute(insert(NoteIndex).values(note_id=note.id, block_id=block.id, position=highest.scalar_subquery()))
    return block.id


async def _insert(db: AsyncSession, note: Note, draft: BlockDraft) -> NoteBlock:
    block = NoteBlock(
        creator_id=note.creator_id,
        note_id=note.id,
        block_type=draft.block_type,
        text=draft.text,
        args=draft.args,
        is_ai_generated=draft.is_ai_generated,
    )
    db.add(block)
    await db.flush()
    return block


async def _note_of(db: AsyncSession, user_id: int, block_id: int, precondition: Precondition) -> Note | None:
    """The locked note that owns a block, None for a block without one; the note comes before its blocks."""
    row = await SessionReader(db).one(queries.OWNER, block_id=block_id)
    check_owner(row, user_id)
    note_id = row.note_id if row else None
    return None if note_id is None else await lock_own(db, user_id, note_id, precondition)


async def _lock_block(db: AsyncSession, block_id: int) -> NoteBlock:
    # A save of the whole note may have replaced it while the note's lock was waited for.
    block: NoteBlock | None = await db.scalar(
        select(NoteBlock).where(NoteBlock.id == block_id).with_for_update().execution_options(populate_existing=True)
    )
    if block is None:
        raise NotFound(UNKNOWN)
    return block
