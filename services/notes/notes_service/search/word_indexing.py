"""The words of new texts go into the index of words after the transaction of a save (notes §5.3).

Until then a search reads the text of such a note itself, so it finds the same. Saves are not delayed by it, many notes
share a statement, and a note that is saved again and again while somebody types is indexed once.
"""

from __future__ import annotations

from sqlalchemy import func, select

from notechondria_shared.core.background import Periodic
from notechondria_shared.db import Database

BATCH = 50
"""Notes of one transaction: a save of one of them waits for some tens of milliseconds."""
EVERY_SECONDS = 2.0


class WordIndexing(Periodic):
    """Indexes what was saved. Several processes share the work: each takes notes that no other has in hand."""

    task_name = "word_indexing"

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__(EVERY_SECONDS)

    async def _round(self) -> None:
        while await index_some(self._database):
            pass


async def index_some(database: Database) -> int:
    """Index the words of at most `BATCH` notes, of all who wait (migration 0015); how many there were."""
    async with database.transaction() as db:
        return await db.scalar(select(func.notes.index_words(BATCH))) or 0
