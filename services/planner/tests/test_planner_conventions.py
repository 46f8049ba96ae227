"""What holds for every endpoint of the planner (planner §0)."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from services.planner.tests.calls import begin_session, change_event, create_feed, feeds_of, link, plan, week
from services.planner.tests.feed_server import SEMINAR
from services.planner.tests.support import Publisher
from tests.support.client import Api, User, eventually
from tests.support.documents import operations

from notechondria_contracts.fields import validation_messages
from notechondria_launcher.stack import Stack

JSON = "application/json; charset=utf-8"
MINIMAL = {"title": "Hand in lab report", "event_date": "2026-05-09"}
UNKNOWN = "999999999"


def _answer_to_nothing(method: str, path: str) -> int:
    """The status for a caller who sends an empty object, to the id of nothing where the path has one."""
    if UNKNOWN in path:
        return 404
    return 400 if method == "POST" else 200


ENDPOINTS = [
    (method, path, _answer_to_nothing(method, path))
    for method, path in (
        (method, re.sub(r"\{[^}]+\}", UNKNOWN, template).removeprefix("/api/v1/"))
        for method, template, _ in operations("planner")
        if template.startswith("/api/v1/")
    )
]
"""Every endpoint with a login, and its answer to a caller who sends an empty object."""


def make(user: User, **fields: Any) -> dict[str, Any]:
    return plan(user, **(MINIMAL | fields))


@pytest.fixture(scope="session")
def key_of_eve(eve: User) -> str:
    """An API key."""
    return eve.rotate_key()


@pytest.mark.contract("planner §0", "planner §2.6")
@pytest.mark.parametrize(("method", "path", "status"), ENDPOINTS)
def test_session_token_and_api_key_work_everywhere(
    eve: User, key_of_eve: str, method: str, path: str, status: int
) -> None:
    for credential in (f"Token {eve.token}", f"Bearer {key_of_eve}"):
        answer = eve.api.request(method, path, json={}, headers={"Authorization": credential})
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == JSON
        if status == 404:
            assert list(answer.json()) == ["detail"]


@pytest.mark.contract("planner §0")
def test_an_api_key_sees_what_its_owner_sees(ann: User) -> None:
    event = make(ann)
    answer = ann.api.get("planner-events/", headers={"Authorization": f"Bearer {ann.rotate_key()}"})
    assert answer.json() == [event]


@pytest.mark.contract("planner §0", "decision 1", "planner §2.6", "planner §3.1", "planner §6.1", "planner §7")
@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in ENDPOINTS])
def test_login_comes_first(api: Api, method: str, path: str) -> None:
    content = "{" if method in {"POST", "PATCH"} else None
    for headers, detail in (
        ({}, "Authentication credentials were not provided."),
        ({"Authorization": "Token " + "0" * 40}, "Invalid token."),
        ({"Authorization": "Bearer ntc_" + "0" * 32}, "Invalid API key."),
    ):
        answer = api.request(method, path, content=content, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})
        assert answer.headers["WWW-Authenticate"] == "Token"


@pytest.mark.contract("planner §0", "decision 1")
def test_a_revoked_token_is_invalid(api: Api) -> None:
    user = api.register()
    assert user.get("heatmap/").status_code == 200
    assert user.post("auth/logout/").status_code < 300
    eventually(lambda: user.get("heatmap/").status_code == 401, seconds=5)
    for path in ("planner-events/", "calendar-feeds/", "activity/week/"):
        assert user.get(path).json() == {"detail": "Invalid token."}


@pytest.mark.contract("planner §0")
def test_a_disabled_account_is_401(api: Api, stack: Stack) -> None:
    user = api.register()
    # Disabling signs out everywhere: the session is gone, the key is still known.
    refusals = {f"Token {user.token}": "Invalid token.", f"Bearer {user.rotate_key()}": "User account is disabled."}
    call = [sys.executable, "-m", "notechondria_launcher", "users", "disable", user.username, "--data", str(stack.data)]
    subprocess.run(call, check=True, capture_output=True)
    for credential, detail in refusals.items():
        asked = {"Authorization": credential}
        eventually(lambda: api.get("planner-events/", headers=asked).status_code == 401, seconds=5)
        for path in ("activity/week/", "calendar-feeds/", "heatmap/"):
            answer = api.get(path, headers=asked)
            assert (answer.status_code, answer.json()) == (401, {"detail": detail})


@pytest.mark.contract("planner §0")
def test_success_bodies_are_utf_8(ann: User) -> None:
    answer = ann.post("planner-events/", {**MINIMAL, "title": "Prüfung 📚"})
    assert answer.headers["Content-Type"] == JSON
    assert answer.json()["title"] == "Prüfung 📚"
    assert "Prüfung 📚".encode() in ann.get("planner-events/").content
    create_feed(ann, raw_ical=SEMINAR.replace("Seminar", "Prüfung 📚"))
    assert "Prüfung 📚".encode() in ann.get("activity/week/?start_date=2026-05-04").content


@pytest.mark.contract("planner §0", "planner §1.2", "planner §1.3", "planner §3.3", "planner §10")
def test_ids_are_integers_and_lists_are_plain_arrays(ann: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    note_id = publisher.note(ann, course_id=course_id)
    today = datetime.now(UTC).date()
    event = plan(ann, today, course_id=course_id)
    feed = create_feed(ann, course_id=course_id, raw_ical=SEMINAR.replace("20260505", f"{today:%Y%m%d}"))
    session = begin_session(ann, note_id)
    made = link(ann)
    for path, row in (
        ("planner-events/", event),
        ("calendar-feeds/", feed),
        ("note-sessions/", session),
        ("calendar-links/", made),
    ):
        listed = ann.get(path).json()
        assert isinstance(listed, list)
        assert [item["id"] for item in listed] == [row["id"]]
        assert type(listed[0]["id"]) is int
        assert listed[0]["id"] > 0
    shown = week(ann)
    assert len(shown["days"][0]["events"]) == 3
    for item in (*shown["days"][0]["events"], *shown["deadlines"]):
        assert item["course_id"] == course_id
        for name in ("id", "course_id", "source_id", "note_id"):
            assert type(item.get(name, 1)) is int, name


TIMESTAMPS = [
    ("2026-05-06T14:00:00.000", "2026-05-06T14:00:00+00:00"),
    ("2026-05-06T14:00:00", "2026-05-06T14:00:00+00:00"),
    ("2026-05-06T14:00", "2026-05-06T14:00:00+00:00"),
    ("2026-05-06T14:00:00Z", "2026-05-06T14:00:00+00:00"),
    ("2026-05-06T14:00:00.1Z", "2026-05-06T14:00:00.100000+00:00"),
    ("2026-05-06T14:00:00.25", "2026-05-06T14:00:00.250000+00:00"),
    ("2026-05-06T14:00:00.123456", "2026-05-06T14:00:00.123456+00:00"),
    ("2026-05-06T14:00:00.000001Z", "2026-05-06T14:00:00.000001+00:00"),
    ("2026-05-06T14:00:00+02:00", "2026-05-06T12:00:00+00:00"),
    ("2026-05-06T14:00:00-09:30", "2026-05-06T23:30:00+00:00"),
    ("2026-05-06T01:00:00.5+05:45", "2026-05-05T19:15:00.500000+00:00"),
]


@pytest.mark.contract("planner §0", "planner §11")
@pytest.mark.parametrize(("sent", "shown"), TIMESTAMPS)
def test_date_times_are_converted_to_utc(eve: User, publisher: Publisher, sent: str, shown: str) -> None:
    event = make(eve, starts_at=sent, completed_at=sent, is_completed=True)
    assert (event["starts_at"], event["completed_at"], event["event_date"]) == (shown, shown, shown[:10])
    assert change_event(eve, event, starts_at="2026-05-01T00:00:00Z", ends_at=sent)["ends_at"] == shown
    note_id = publisher.note(eve)
    assert begin_session(eve, note_id, started_at=sent)["starts_at"] == shown
    items = [item for day in week(eve, f"?start_date={shown[:10]}")["days"] for item in day["events"]]
    assert shown in {item["starts_at"] for item in items if item.get("note_id") == note_id}


@pytest.mark.contract("planner §0")
@pytest.mark.parametrize("text", ["2026-05-06", "14:00", "2026-05-06T25:00:00", "2026-05-06T14:00:00+25:00", "", 5, []])
def test_bad_date_times_are_refused(eve: User, text: Any) -> None:
    for name in ("starts_at", "ends_at", "completed_at"):
        answer = eve.post("planner-events/", {**MINIMAL, name: text})
        assert (answer.status_code, answer.json()) == (400, {name: [validation_messages.BAD_DATETIME]})


@pytest.mark.contract("planner §0")
def test_date_times_of_feeds_end_in_z(ann: User) -> None:
    feed = create_feed(ann, raw_ical=SEMINAR)
    for name in ("last_sync", "date_created", "last_edit"):
        assert feed[name].endswith("Z")
        assert datetime.fromisoformat(feed[name]).tzinfo is not None
    assert feeds_of(ann)[0]["date_created"] == feed["date_created"]


@pytest.mark.contract("planner §0")
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        *((word, True) for word in (True, 1, "1", "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")),
        *((word, False) for word in (False, 0, "0", "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")),
    ],
)
def test_booleans_are_read_leniently(eve: User, sent: Any, read: bool) -> None:
    assert make(eve, is_completed=sent)["is_completed"] is read


@pytest.mark.contract("planner §0")
@pytest.mark.parametrize(("sent", "read"), [("3", 3), (" 7 ", 7), (4, 4), ("0012", 12)])
def test_integers_are_read_leniently(eve: User, sent: Any, read: int) -> None:
    event = make(eve, difficulty_weight=sent, recurrence_interval=sent, recurrence_count=sent)
    assert [event[name] for name in ("difficulty_weight", "recurrence_interval", "recurrence_count")] == [read] * 3


@pytest.mark.contract("planner §0", "planner §2.1")
@pytest.mark.parametrize(
    "path",
    [
        "planner-events/",
        "planner-events/1/",
        "calendar-feeds/",
        "calendar-feeds/1/",
        "note-sessions/",
        "note-sessions/1/",
        "activity/week/",
        "heatmap/",
    ],
)
def test_put_is_not_allowed(eve: User, path: str) -> None:
    answer = eve.request("PUT", path, json={})
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "PUT" not allowed.'})
    assert "PUT" not in answer.headers["Allow"]
    assert {"GET", "POST", "PATCH", "DELETE"} & set(answer.headers["Allow"].split(", "))


@pytest.mark.contract("planner §0")
def test_form_encoded_bodies_are_read(ann: User) -> None:
    answer = ann.request("POST", "planner-events/", data={**MINIMAL, "is_completed": "on", "difficulty_weight": "2"})
    assert answer.status_code == 201
    assert answer.json()["is_completed"] is True
    assert answer.json()["difficulty_weight"] == 2


@pytest.mark.contract("planner §0", "planner §2.1", "planner §2.6")
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_events_of_others_do_not_exist(ann: User, ben: User, method: str) -> None:
    event = make(ann)
    answer = ben.request(method, f"planner-events/{event['id']}/", json={"title": "Mine now"})
    assert answer.status_code == 404
    assert ann.get(f"planner-events/{event['id']}/").json() == event
    assert ben.get("planner-events/?include_completed=1").json() == []


@pytest.mark.contract("planner §0")
@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ("[1]", 400, {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ("null", 400, {"non_field_errors": ["Invalid data. Expected a dictionary, but got NoneType."]}),
        ("{", 400, None),
    ],
)
def test_bodies_that_are_no_object_are_400(eve: User, body: str, status: int, expected: Any) -> None:
    answer = eve.request("POST", "planner-events/", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    if expected is None:
        assert answer.json()["detail"].startswith("JSON parse error - ")
    else:
        assert answer.json() == expected


@pytest.mark.contract("planner §0")
def test_other_media_types_are_415(ann: User) -> None:
    answer = ann.request("POST", "planner-events/", content="{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert answer.json() == {"detail": 'Unsupported media type "text/plain" in request.'}


@pytest.mark.contract("planner §0")
def test_wrong_methods_are_405_with_allow(ann: User) -> None:
    event = make(ann)
    for method, path in (("PUT", f"planner-events/{event['id']}/"), ("DELETE", "planner-events/")):
        answer = ann.request(method, path)
        assert answer.status_code == 405
        assert answer.json() == {"detail": f'Method "{method}" not allowed.'}
        assert "GET" in answer.headers["Allow"]
