"""Rows of the database as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from notechondria_shared.core.timestamps import iso_offset


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the database as JSON has it: moments and dates in ISO 8601, UUIDs as text."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_offset(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
