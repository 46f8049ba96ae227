"""The two written forms of a timestamp, and the clock (notes §1, planner §0, identity §1)."""

from __future__ import annotations

from datetime import UTC, date, datetime


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


def iso_offset_or_none(at: datetime | None) -> str | None:
    """`iso_offset`, passing None through."""
    return None if at is None else iso_offset(at)
