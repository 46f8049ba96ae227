"""Rows of the database as JSON has them."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from notechondria_shared.core.timestamps import iso_offset

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain(row: DataclassInstance) -> dict[str, object]:
    """A row of the database as JSON has it: timestamps and dates in ISO 8601, UUIDs as text."""
    return {field.name: _plain(getattr(row, field.name)) for field in dataclasses.fields(row)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso_offset(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
