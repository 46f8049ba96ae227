"""Times that agents write, as every Python reads them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from mcp_service.tools.local_time import placed


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-06-01T09:00", "2026-06-01T09:00:00+02:00"),
        ("2026-06-01 9:00", "2026-06-01T09:00:00+02:00"),
        ("20260601T0900", "2026-06-01T09:00:00+02:00"),
        ("2026-06-01T09:00:00.5", "2026-06-01T09:00:00.500000+02:00"),
        ("2026-06-01T09:00:00Z", "2026-06-01T09:00:00Z"),
        ("2026-06-01T09:00:00+05:30", "2026-06-01T09:00:00+05:30"),
        # Refused by REST: the next day in 3.14, and a part too many that 3.13 passes over.
        ("2026-06-01T24:00", "2026-06-01T24:00"),
        ("20260601T240000", "20260601T240000"),
        ("2026-06-01T09:00:00:00", "2026-06-01T09:00:00:00"),
    ],
)
def test_a_time_without_an_offset_is_the_persons_own(text: str, read: str) -> None:
    assert placed({"starts_at": text}, ("starts_at",), ZoneInfo("Europe/Rome"))["starts_at"] == read
