"""Reading long lists of notes a slice at a time, so that nobody waits for somebody else's fifty thousand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from notechondria_shared.web.answers import SLICE
from notes_service.summaries.queries import SummaryRow

RowT = TypeVar("RowT", bound=SummaryRow)


async def in_slices(
    ids: Sequence[int], read: Callable[[Sequence[int]], Awaitable[Sequence[RowT]]]
) -> AsyncIterator[list[RowT]]:
    """The notes `ids` in their order; `read` gets those of one slice, in any order. What left the list is missing."""
    for first in range(0, len(ids), SLICE):
        which = ids[first : first + SLICE]
        by_id = {row.id: row for row in await read(which)}
        yield [by_id[note_id] for note_id in which if note_id in by_id]
