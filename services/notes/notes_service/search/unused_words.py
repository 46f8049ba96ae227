"""Words that no note of a person holds any more: they leave the index of words (notes §5.3).

The words of a note are looked up under a shared lock (migration 0015); words go under the exclusive one, so that none
goes which was just looked up.
"""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, any_, cast, delete, exists, func, literal, not_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.sql.elements import ColumnElement

from notechondria_shared.db import Database
from notes_service.search.models import NoteOutline, SearchWord

AUTHORS = 50
"""Whose words are looked at in one round."""
BATCH = 1000
"""Words that go in one transaction."""

_held = exists().where(NoteOutline.words.op("@>")(cast(array([SearchWord.id]), ARRAY(BigInteger))))


async def remove_unused(database: Database, after: int) -> tuple[int, int]:
    """Look at the words of the next authors beyond the id `after`: how many words went, and the last author's id.

    0 as the id when there is none beyond.
    """
    async with database.transaction() as db:
        beyond = select(SearchWord.creator_id).where(SearchWord.creator_id > after).distinct()
        authors = list(await db.scalars(beyond.order_by(SearchWord.creator_id).limit(AUTHORS)))
    removed = 0
    for author in authors:
        while True:
            count = await _remove_some(database, author)
            removed += count
            if count < BATCH:
                break
    return removed, authors[-1] if authors else 0


async def _remove_some(database: Database, author: int) -> int:
    own: tuple[ColumnElement[bool], ...] = (SearchWord.creator_id == author, not_(_held))
    async with database.transaction() as db:
        unused = list(await db.scalars(select(SearchWord.id).where(*own).limit(BATCH)))
        if not unused:
            return 0
    lock = func.hashtextextended("notes.search_words", author)
    async with database.transaction() as db:
        if not await db.scalar(select(func.pg_try_advisory_xact_lock(lock))):
            return 0  # words are being indexed: the next round will do
        which = SearchWord.id == any_(literal(unused, ARRAY(BigInteger)))
        gone = delete(SearchWord).where(which, *own).returning(SearchWord.id)
        return len(list(await db.scalars(gone.execution_options(synchronize_session=False))))
