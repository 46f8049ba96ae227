"""The list of planner events through the gateway (planner §2.1)."""

from __future__ import annotations

import pytest
from services.planner.tests.calls import plan
from services.planner.tests.support import Tables
from tests.support.client import User

KEYS = {
    "id",
    "title",
    "event_date",
    "starts_at",
    "ends_at",
    "difficulty_weight",
    "description",
    "course_id",
    "is_completed",
    "completed_at",
    "recurrence_freq",
    "recurrence_interval",
    "recurrence_end_date",
    "recurrence_count",
}


@pytest.mark.contract("planner §2.1", "planner §1.1", "planner §2.5")
def test_list_holds_open_events_in_order(ann: User, ben: User) -> None:
    late = plan(ann, title="Alpha", event_date="2030-01-02")
    second = plan(ann, title="Zeta", event_date="2030-01-01")
    first = plan(ann, title="Beta", event_date="2030-01-01")
    twin = plan(ann, title="Zeta", event_date="2030-01-01")
    done = plan(ann, title="Aaa", event_date="2030-01-01", is_completed=True)
    plan(ben, "2026-05-09")
    ids = [first["id"], second["id"], twin["id"], late["id"]]
    listed = ann.get("planner-events/").json()
    assert [event["id"] for event in listed] == ids
    assert set(listed[0]) == KEYS
    for value in ("1", "true", "True"):
        answer = ann.get(f"planner-events/?include_completed={value}")
        assert [event["id"] for event in answer.json()] == [done["id"], *ids]
    assert len(ann.get("planner-events/?include_completed=0").json()) == 4


@pytest.mark.contract("planner §2.1")
@pytest.mark.parametrize(
    ("limit", "listed"), [("2", 2), ("0", 1), ("-7", 1), ("500", 3), ("", 3), ("x", 3), ("9" * 200, 3)]
)
def test_the_limit_is_clamped(ann: User, limit: str, listed: int) -> None:
    for _ in range(3):
        plan(ann, "2026-05-09")
    assert len(ann.get(f"planner-events/?limit={limit}").json()) == listed


@pytest.mark.contract("planner §2.1")
def test_the_list_has_no_window(ann: User) -> None:
    days = ["0001-01-01", "1999-12-31", "2999-12-31", "9999-12-31"]
    for day in reversed(days):
        plan(ann, day)
    assert [event["event_date"] for event in ann.get("planner-events/").json()] == days


@pytest.mark.contract("planner §2.1")
def test_limit_is_two_hundred_at_most_and_absent_is_no_cut(ann: User, tables: Tables) -> None:
    tables.rows(
        "INSERT INTO planner.planner_events (user_id, title, event_date, starts_at, ends_at, difficulty_weight, "
        "description, is_completed, recurrence_freq, recurrence_interval, revision, date_created, last_edit) "
        "SELECT %s, 'E', '2026-05-09', '2026-05-09T12:00Z', '2026-05-09T13:00Z', 1, '', n > 203, 'N', 1, 1, now(), "
        "now() FROM generate_series(1, 205) n",
        ann.id,
    )
    for query, listed in (
        ("", 203),
        ("?limit=200", 200),
        ("?limit=201", 200),
        ("?limit=199", 199),
        ("?limit=1.5", 203),
        ("?include_completed=1", 205),
        ("?include_completed=true&limit=201", 200),
        ("?include_completed=&limit=", 203),
        ("?include_completed=no", 203),
    ):
        assert len(ann.get(f"planner-events/{query}").json()) == listed, query
