"""Which user names may be taken from now on (decision 46). Those that exist stay."""

from __future__ import annotations

import unicodedata

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import User
from identity_service.names.skeleton import skeleton

ONLY_DIGITS = "a name of digits alone would read like an id."
UNKNOWN = "a name may not hold characters that this server does not know."
INVISIBLE = "a name may not hold invisible or direction-changing characters."
LOOKS_LIKE_STAFF = "this name looks like that of a member of staff."
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that show nothing although Unicode counts them as letters, marks or symbols."""


def _is_invisible(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
        or character in _FILLERS
        or 0xFE00 <= ord(character) <= 0xFE0F  # variation selectors
        or 0xE0100 <= ord(character) <= 0xE01EF
    )


def _is_unknown(character: str) -> bool:
    """Newer than this Python's Unicode: what it looks like, and what its small letter is, is not known yet."""
    return unicodedata.category(character) == "Cn"


def form_problem(name: str) -> str | None:
    """Why nobody may take this name, whoever has which; None when it is fine."""
    if any(_is_unknown(character) for character in name):
        return UNKNOWN
    if any(_is_invisible(character) for character in name):
        return INVISIBLE
    return ONLY_DIGITS if unicodedata.normalize("NFKC", name).replace(" ", "").isdigit() else None


async def looks_like_staff(db: AsyncSession, name: str, own_id: int | None = None) -> bool:
    """Whether people would take this name for that of a member of staff, other than `own_id`."""
    staff = await db.execute(select(User.id, User.username).where(or_(User.is_staff, User.is_superuser)))
    looks = skeleton(name)
    return any(skeleton(row.username) == looks for row in staff if row.id != own_id)


async def problem_of(db: AsyncSession, name: str, own_id: int | None = None) -> str | None:
    """Why this name may not be taken; None when it may, as far as it is free."""
    return form_problem(name) or (LOOKS_LIKE_STAFF if await looks_like_staff(db, name, own_id) else None)


def cleaned(name: str) -> str:
    """A provider's name without what a name may not hold; empty when nothing usable is left."""
    visible = "".join(
        character for character in name if not (_is_invisible(character) or _is_unknown(character))
    ).strip()
    return "" if form_problem(visible) else visible
