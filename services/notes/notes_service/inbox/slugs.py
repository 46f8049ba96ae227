"""Slugs (notes §4.5)."""

from __future__ import annotations

import re
import unicodedata
from itertools import count, islice

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.db import SessionReader
from notes_service.inbox import queries

BASE_LENGTH = 100
FALLBACK = "local-course"


def slugify(title: str) -> str:
    """The title as an ASCII slug of at most 100 characters; accents are dropped (decision 14)."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[\s_-]+", "-", re.sub(r"[^a-z0-9\s_-]", "", plain)).strip("-")
    return words[:BASE_LENGTH].rstrip("-") or FALLBACK


async def free_slug(db: AsyncSession, base: str) -> str:
    """`base`, or the first free of `base-2`, `base-3`, …; reserved until the transaction ends."""
    read = SessionReader(db)
    await read.run(queries.LOCK_SLUG, {"base": base})
    candidates = iter([base])
    numbers = count(2)
    size = 16
    while True:
        tried = [*candidates]
        taken = set(await read.all(queries.TAKEN, tried=tried))
        for slug in tried:
            if slug not in taken:
                return slug
        candidates = (f"{base}-{number}" for number in islice(numbers, size))
        size = min(size * 4, 4096)
