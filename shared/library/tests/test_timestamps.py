"""Timestamps of many rows are written as those of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from notechondria_shared.core.timestamps import iso_offset, iso_offsets, iso_z, texts_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_texts_of_rows_are_those_of_each_value() -> None:
    at = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), EPOCH]
    at += [EPOCH + timedelta(days=17 * n, seconds=7 * n, microseconds=m) for n in range(999) for m in (0, 1, 120, 5000)]
    ids = [UUID(int=n * 0x1_0000_0000_0001_0000_0001) for n in range(len(at))]
    assert texts_of(zip(ids, at, strict=True)) == [[str(a), iso_z(b)] for a, b in zip(ids, at, strict=True)]
    assert texts_of([]) == []
    assert iso_offsets(at) == [iso_offset(b) for b in at]
    assert iso_offsets([]) == []
