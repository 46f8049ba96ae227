"""The two written forms of a timestamp, and the clock (notes §1, planner §0, identity §1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from uuid import UUID

import orjson


def now() -> datetime:
    """The present time, timezone-aware, UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The current UTC date: the contract knows no other "today"."""
    return now().date()


def iso_offset(at: datetime) -> str:
    """ISO 8601 with `+00:00`; microseconds only when non-zero."""
    return at.astimezone(UTC).isoformat()


def iso_z(at: datetime) -> str:
    """ISO 8601 with `Z`; microseconds only when non-zero."""
    return iso_offset(at).removesuffix("+00:00") + "Z"


def texts_of(rows: Iterable[tuple[UUID | datetime, ...]]) -> list[list[str]]:
    """Ids as text and timestamps as `iso_z` writes them, of many rows at once; timestamps are in UTC, as the database
    gives them. orjson writes one in an eighth of the microsecond that Python takes, and a list reads a hundred."""
    texts: list[list[str]] = orjson.loads(orjson.dumps(list(rows), option=orjson.OPT_UTC_Z))
    return texts


def iso_offsets(times: Iterable[datetime]) -> list[str]:
    """Each as `iso_offset` writes it, of many in UTC at once, as `texts_of` does."""
    texts: list[str] = orjson.loads(orjson.dumps(list(times)))
    return texts


def iso_offset_or_none(at: datetime | None) -> str | None:
    """`iso_offset`, passing None through."""
    return None if at is None else iso_offset(at)
