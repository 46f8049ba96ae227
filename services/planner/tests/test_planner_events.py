"""Planner events through the gateway (planner §0, §2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from services.planner.tests.calls import change_event, plan
from services.planner.tests.support import Publisher, Tables
from tests.support.client import User

MINIMAL = {"title": "Hand in lab report", "event_date": "2026-05-09"}


def make(user: User, **fields: Any) -> dict[str, Any]:
    return plan(user, **(MINIMAL | fields))


def window(event: dict[str, Any]) -> tuple[str, str, str]:
    return event["event_date"], event["starts_at"], event["ends_at"]


@pytest.mark.contract("planner §2.3", "planner §0", "planner §1.1", "planner §2.1", "planner §2.2")
def test_an_event_has_every_key(ann: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    event = make(
        ann,
        title="  Hand in lab report ",
        event_date="2026-05-06",
        starts_at="2026-05-06T14:00:00.000",
        ends_at="2026-05-06T15:00:00.000",
        difficulty_weight="3",
        description="",
        course_id=course_id,
        unknown_key=1,
    )
    assert isinstance(event.pop("id"), int)
    assert event == {
        "title": "Hand in lab report",
        "event_date": "2026-05-06",
        "starts_at": "2026-05-06T14:00:00+00:00",
        "ends_at": "2026-05-06T15:00:00+00:00",
        "difficulty_weight": 3,
        "description": "",
        "course_id": course_id,
        "is_completed": False,
        "completed_at": None,
        "recurrence_freq": "N",
        "recurrence_interval": 1,
        "recurrence_end_date": None,
        "recurrence_count": None,
    }


@pytest.mark.contract("planner §2.1", "planner §0", "planner §11", "decision 33")
def test_one_event_is_read_and_deleted(ann: User) -> None:
    event = make(ann)
    path = f"planner-events/{event['id']}/"
    assert ann.get(path).json() == event
    answer = ann.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        answer = ann.request(method, path, json={})
        assert answer.status_code == 404
        assert "detail" in answer.json()


@pytest.mark.contract("planner §2.2", "planner §1.1", "planner §2.3")
def test_a_new_event_has_defaults(ann: User) -> None:
    event = make(ann)
    assert event["difficulty_weight"] == 1
    assert event["description"] == ""
    assert event["course_id"] is None
    assert make(ann, description=None)["description"] == ""


@pytest.mark.contract("planner §2.4", "planner §0", "planner §1.1", "planner §2.2", "planner §2.3")
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, ("2026-05-09", "2026-05-09T12:00:00+00:00", "2026-05-09T13:00:00+00:00")),
        (
            {"starts_at": "2026-05-10T01:00:00Z"},
            ("2026-05-10", "2026-05-10T01:00:00+00:00", "2026-05-10T02:00:00+00:00"),
        ),
        (
            {"starts_at": "2026-05-09T23:30:00-05:00"},
            ("2026-05-10", "2026-05-10T04:30:00+00:00", "2026-05-10T05:30:00+00:00"),
        ),
        (
            {"starts_at": "2026-05-09T10:00:00Z", "ends_at": "2026-05-09T09:00:00Z"},
            ("2026-05-09", "2026-05-09T10:00:00+00:00", "2026-05-09T11:00:00+00:00"),
        ),
        (
            {"starts_at": None, "ends_at": None},
            ("2026-05-09", "2026-05-09T12:00:00+00:00", "2026-05-09T13:00:00+00:00"),
        ),
        (
            {"event_date": "9999-12-31", "starts_at": "9999-12-31T23:30:00Z"},
            ("9999-12-31", "9999-12-31T23:30:00+00:00", "9999-12-31T23:59:59.999999+00:00"),
        ),
    ],
)
def test_the_window_is_settled_on_create(eve: User, sent: dict[str, Any], expected: tuple[str, str, str]) -> None:
    event = make(eve, **sent)
    assert window(event) == expected
    assert window(eve.get(f"planner-events/{event['id']}/").json()) == expected


@pytest.mark.contract("planner §2.4", "planner §1.1", "planner §2.2", "planner §11", "decision 32")
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            {"starts_at": "2026-05-11T09:00:00Z"},
            ("2026-05-11", "2026-05-11T09:00:00+00:00", "2026-05-11T10:00:00+00:00"),
        ),
        ({"starts_at": None}, ("2026-05-09", "2026-05-09T12:00:00+00:00", "2026-05-09T17:30:00+00:00")),
        ({"ends_at": None}, ("2026-05-09", "2026-05-09T14:00:00+00:00", "2026-05-09T15:00:00+00:00")),
        (
            {"ends_at": "2026-05-09T14:00:00Z"},
            ("2026-05-09", "2026-05-09T14:00:00+00:00", "2026-05-09T15:00:00+00:00"),
        ),
        # decision 32: a date alone moves the whole window by the day difference.
        ({"event_date": "2026-05-20"}, ("2026-05-20", "2026-05-20T14:00:00+00:00", "2026-05-20T17:30:00+00:00")),
        (
            {"event_date": "2026-04-30", "title": "x"},
            ("2026-04-30", "2026-04-30T14:00:00+00:00", "2026-04-30T17:30:00+00:00"),
        ),
        (
            {"event_date": "2026-05-20", "starts_at": "2026-05-08T08:00:00Z"},
            ("2026-05-08", "2026-05-08T08:00:00+00:00", "2026-05-09T17:30:00+00:00"),
        ),
        (
            {"event_date": "2026-05-20", "starts_at": None},
            ("2026-05-20", "2026-05-20T12:00:00+00:00", "2026-05-20T13:00:00+00:00"),
        ),
        ({"title": "y"}, ("2026-05-09", "2026-05-09T14:00:00+00:00", "2026-05-09T17:30:00+00:00")),
    ],
)
def test_the_window_is_settled_on_patch(eve: User, sent: dict[str, Any], expected: tuple[str, str, str]) -> None:
    event = make(eve, starts_at="2026-05-09T14:00:00Z", ends_at="2026-05-09T17:30:00Z")
    assert window(change_event(eve, event, **sent)) == expected


@pytest.mark.contract("planner §2.4")
def test_no_room_for_an_end_is_400(ann: User) -> None:
    answer = ann.post("planner-events/", {**MINIMAL, "starts_at": "9999-12-31T23:59:59.999999Z"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["starts_at"]


@pytest.mark.contract("planner §2.2", "planner §2.1", "planner §2.3")
def test_patch_touches_only_the_keys_sent(ann: User, publisher: Publisher) -> None:
    event = make(
        ann, description="Bring gloves", difficulty_weight=4, course_id=publisher.course(), recurrence_freq="W"
    )
    assert change_event(ann, event) == event
    assert change_event(ann, event, title="Renamed") == {**event, "title": "Renamed"}
    assert change_event(ann, event, course_id=None, description=None) == {
        **event,
        "title": "Renamed",
        "course_id": None,
        "description": "",
    }


@pytest.mark.contract("planner §2.5", "planner §2.2", "planner §2.3")
def test_completion_sets_and_clears_its_time(ann: User) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    event = make(ann)
    done = change_event(ann, event, is_completed=True)
    assert before < datetime.fromisoformat(done["completed_at"]) < datetime.now(UTC) + timedelta(seconds=1)
    assert change_event(ann, event, is_completed=True)["completed_at"] == done["completed_at"]
    completed = change_event(ann, event, is_completed=True, completed_at="2026-05-06T10:00:00Z")
    assert completed["completed_at"] == "2026-05-06T10:00:00+00:00"
    opened = change_event(ann, event, is_completed=False, completed_at="2026-05-06T10:00:00Z")
    assert (opened["is_completed"], opened["completed_at"]) == (False, None)
    assert make(ann, is_completed=True)["completed_at"] is not None
    sent = make(ann, is_completed="yes", completed_at="2026-05-01T00:00:00+02:00")
    assert sent["completed_at"] == "2026-04-30T22:00:00+00:00"


@pytest.mark.contract("planner §2.6", "planner §0", "planner §2.2")
def test_missing_fields_are_reported_together(ann: User) -> None:
    answer = ann.post("planner-events/", {})
    assert answer.status_code == 400
    assert answer.json() == {"title": ["This field is required."], "event_date": ["This field is required."]}


@pytest.mark.contract("planner §2.6", "planner §2.2")
def test_event_date_is_required_beside_a_start(ann: User) -> None:
    answer = ann.post("planner-events/", {"title": "x", "starts_at": "2026-05-06T10:00:00Z"})
    assert (answer.status_code, answer.json()) == (400, {"event_date": ["This field is required."]})


BAD_FIELDS = [
    ("title", "x" * 121, "Ensure this field has no more than 120 characters."),
    ("title", "   ", "This field may not be blank."),
    ("title", None, "This field may not be null."),
    ("title", "a\x00b", "Null characters are not allowed."),
    ("event_date", "06/05/2026", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."),
    ("event_date", None, "This field may not be null."),
    (
        "starts_at",
        "tomorrow",
        "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
    ),
    ("difficulty_weight", 0, "Ensure this value is greater than or equal to 1."),
    ("difficulty_weight", None, "This field may not be null."),
    ("difficulty_weight", "many", "A valid integer is required."),
    ("description", "x" * 256, "Ensure this field has no more than 255 characters."),
    ("course_id", "biology", "A valid integer is required."),
    ("is_completed", "perhaps", "Must be a valid boolean."),
    ("is_completed", None, "This field may not be null."),
    ("recurrence_freq", "Q", '"Q" is not a valid choice.'),
    ("recurrence_interval", 0, "Ensure this value is greater than or equal to 1."),
    ("recurrence_count", 0, "Ensure this value is greater than or equal to 1."),
    ("recurrence_end_date", "soon", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."),
]


@pytest.mark.contract("planner §2.6", "planner §0", "planner §1.1", "planner §2.2", "planner §11")
@pytest.mark.parametrize(("field", "value", "message"), BAD_FIELDS)
def test_a_bad_event_names_the_failing_field(eve: User, field: str, value: Any, message: str) -> None:
    answer = eve.post("planner-events/", {**MINIMAL, field: value})
    assert answer.status_code == 400
    assert answer.json() == {field: [message]}
    event = make(eve)
    answer = eve.patch(f"planner-events/{event['id']}/", {field: value, "is_completed": True} | {field: value})
    assert answer.status_code == 400
    assert answer.json() == {field: [message]}
    assert eve.get(f"planner-events/{event['id']}/").json() == event


@pytest.mark.contract("planner §2.6", "planner §1.1", "planner §2.2")
def test_the_largest_values_are_kept(ann: User) -> None:
    event = make(ann, title="x" * 120, description="y" * 255, difficulty_weight=2**63 - 1, recurrence_count=10**15)
    assert ann.get(f"planner-events/{event['id']}/").json() == event


@pytest.mark.contract("planner §2.6", "planner §2.2", "planner §10")
@pytest.mark.parametrize("course_id", [-5, 0, 899_999_999])
def test_unknown_course_is_404_after_the_fields(eve: User, course_id: int) -> None:
    assert eve.post("planner-events/", {**MINIMAL, "course_id": course_id}).status_code == 404
    assert eve.post("planner-events/", {"title": "x", "course_id": course_id}).status_code == 400
    event = make(eve)
    answer = eve.patch(f"planner-events/{event['id']}/", {"course_id": course_id})
    assert answer.status_code == 404
    assert eve.get(f"planner-events/{event['id']}/").json() == event


@pytest.mark.contract("planner §2.2", "planner §1.1", "planner §2.1", "planner §2.3")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Renamed"),
        ("difficulty_weight", 5),
        ("description", "Bring gloves"),
        ("is_completed", True),
        ("recurrence_freq", "Y"),
        ("recurrence_freq", "N"),
        ("recurrence_interval", 3),
        ("recurrence_end_date", "2027-05-09"),
        ("recurrence_end_date", None),
        ("recurrence_count", 4),
        ("recurrence_count", None),
    ],
)
def test_each_field_is_changed_alone(eve: User, field: str, value: Any) -> None:
    event = make(eve, recurrence_freq="M", recurrence_end_date="2030-01-01", recurrence_count=9)
    changed = change_event(eve, event, **{field: value})
    if field == "is_completed":
        event["completed_at"] = changed["completed_at"]
    assert changed == {**event, field: value}
    assert eve.get(f"planner-events/{event['id']}/").json() == changed


@pytest.mark.contract("planner §1.1", "planner §2.3")
def test_an_event_is_stored_with_every_column(ann: User, tables: Tables) -> None:
    event = make(ann)
    (row,) = tables.rows("SELECT * FROM planner.planner_events WHERE id = %s", event["id"])
    assert row["user_id"] == ann.id
    assert row["date_created"] <= row["last_edit"]
    # No importance, no priority, no link to a note or a feed; and what is not asked for is not in the answer.
    # Two columns are for published calendars alone.
    published = {"is_all_day", "uid_host"}
    assert set(row) - set(event) == {"user_id", "date_created", "last_edit", "revision"} | published
    nullable = tables.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'planner' "
        "AND table_name = 'planner_events' AND is_nullable = 'YES'"
    )
    assert {column["column_name"] for column in nullable} == {
        "course_id",
        "completed_at",
        "recurrence_end_date",
        "recurrence_count",
        "uid_host",
    }


@pytest.mark.contract("planner §1.1")
def test_any_existing_course_is_accepted(ann: User, ben: User, publisher: Publisher) -> None:
    course_id = publisher.course(ben)
    assert make(ann, course_id=course_id)["course_id"] == course_id


@pytest.mark.contract("planner §2")
def test_events_are_published_with_growing_revisions(ann: User, tables: Tables) -> None:
    event = make(ann)
    change_event(ann, event, title="Renamed")
    change_event(ann, event, title="Renamed")
    ann.delete(f"planner-events/{event['id']}/")
    published = tables.events_of(f"planner-events/{event['id']}")
    assert [(row["subject"], row["data"]["title"], row["data"]["revision"]) for row in published] == [
        ("planner.event.created", MINIMAL["title"], 1),
        ("planner.event.updated", "Renamed", 2),
        ("planner.event.deleted", "Renamed", 3),
    ]


@pytest.mark.contract("planner §2")
def test_a_refused_write_publishes_nothing(ann: User, tables: Tables) -> None:
    before = tables.count("outbox")
    assert ann.post("planner-events/", {**MINIMAL, "course_id": 899_999_999}).status_code == 404
    assert ann.post("planner-events/", {}).status_code == 400
    assert ann.patch("planner-events/899999999/", {"title": "x"}).status_code == 404
    assert tables.count("outbox") == before
