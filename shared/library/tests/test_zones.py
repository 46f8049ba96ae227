"""Zones by their names."""

from __future__ import annotations

import pytest

from notechondria_shared.core.zones import UTC_ZONE, known_zone, zone_named


@pytest.mark.parametrize("name", ["Nowhere/Else", "Europe", "../etc/passwd", "Europe/Rome\x00", "/etc/localtime", ""])
def test_what_is_no_zone_is_utc(name: str) -> None:
    assert known_zone(name) is None
    assert zone_named(name) is UTC_ZONE


def test_a_zone_is_known_by_its_name() -> None:
    assert str(zone_named("Europe/Rome")) == "Europe/Rome"
    assert zone_named(None) is UTC_ZONE
