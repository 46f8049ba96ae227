"""The whole of a recycle bin (notes §7), slice by slice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import cast

from fastapi import Request

from notechondria_contracts.fields.rules import BIGINT_MAX
from notechondria_shared.core.timestamps import iso_offsets
from notechondria_shared.db import Reads
from notes_service.authors import queries as authors
from notes_service.authors.schemas import author_object
from notes_service.recycle_bin import queries
from notes_service.summaries.row_dicts import complete, written

LATEST = datetime.max.replace(tzinfo=UTC)


async def deleted_notes(request: Request, read: Reads, user_id: int) -> AsyncIterator[list[bytes]]:
    """The JSON of a person's deleted notes (`DeletedNote`), newest deletion first."""
    author = await read.one(authors.NAMED, user_id=user_id)
    if author is None:
        return
    shown = author_object(request, user_id, author.username, author.image_path)
    after, after_id = LATEST, BIGINT_MAX
    while rows := await read.all(queries.DELETED, user_id=user_id, after=after, after_id=after_id):
        times = cast("list[datetime]", [row["deleted_at"] for row in rows])
        after, after_id = times[-1], rows[-1]["id"]
        complete(request, rows, shown)
        for row, text in zip(rows, iso_offsets(times), strict=True):
            row["deleted_at"] = text
        with_entry = [row for row in rows if row["recycle_bin_entry_id"] is not None]
        yield [written(with_entry)] if with_entry else []
        if len(rows) < queries.SLICE:
            return
