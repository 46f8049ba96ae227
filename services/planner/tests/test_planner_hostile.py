"""Whatever is sent at once or at random: never a 5xx, never a row that names what is gone."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.planner.tests.support import Publisher, Tables
from tests.support.client import Api, User, eventually

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=130)
    | st.sampled_from(["2026-05-06", "9999-12-31", "0001-01-01", "2026-05-06T10:00:00Z", "9999-12-31T23:59:59.999999Z"])
    | st.sampled_from(["W", "M", "Y", "1", "true", "0001-01-01T00:00:00+14:00", "\ud800", "\x00"])
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)
EVENT_FIELDS = (
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
)
FEED_FIELDS = ("title", "source_kind", "raw_ical", "course_id", "is_enabled")
LINK_FIELDS = ("name", "include_events", "include_sessions", "include_deadlines", "course_id")
SESSION_FIELDS = ("note_id", "title", "summary", "started_at", "ended_at")
fuzzed = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def eve(api: Api) -> User:
    """A user who sends anything."""
    return api.register()


def send(user: User, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """All of it escaped, so that lone surrogates travel too."""
    return user.request(method, path, content=json.dumps(body), headers={"Content-Type": "application/json"})


@pytest.mark.contract("planner §2", "planner §0")
@fuzzed
@given(st.dictionaries(st.sampled_from(EVENT_FIELDS), values))
def test_any_event_body_is_answered(eve: User, body: dict[str, Any]) -> None:
    whole = {"title": "Plan", "event_date": "2026-05-06", **body}
    created = send(eve, "POST", "planner-events/", whole)
    assert created.status_code in {201, 400, 404}, (whole, created.text)
    if created.status_code == 201:
        path = f"planner-events/{created.json()['id']}/"
        assert eve.get(path).json() == created.json()
        assert send(eve, "PATCH", path, body).status_code in {200, 400}
    week = eve.get("activity/week/?days=30", params={"start_date": json.dumps(body.get("event_date")).strip('"')})
    assert week.status_code == 200


@pytest.mark.contract("planner §8", "planner §0")
@fuzzed
@given(st.dictionaries(st.sampled_from(SESSION_FIELDS), values))
def test_any_session_body_is_answered(eve: User, body: dict[str, Any]) -> None:
    answer = send(eve, "POST", "note-sessions/", {"note_id": 1, **body})
    assert answer.status_code in {201, 400, 404}, (body, answer.text)


@pytest.mark.contract("planner §3", "planner §0")
@fuzzed
@given(st.dictionaries(st.sampled_from(FEED_FIELDS), values))
def test_any_feed_body_is_answered(eve: User, body: dict[str, Any]) -> None:
    created = send(eve, "POST", "calendar-feeds/", {"title": "Lab", **body})
    assert created.status_code in {201, 400, 404}, (body, created.text)
    if created.status_code == 201:
        path = f"calendar-feeds/{created.json()['id']}/"
        assert send(eve, "PATCH", path, body).status_code in {200, 400}
        assert eve.delete(path).status_code == 204


@pytest.mark.contract("planner §3", "planner §0")
@fuzzed
@given(values)
def test_any_address_is_answered(eve: User, address: Any) -> None:
    # None of them is an address of the web: nothing is fetched.
    answer = send(eve, "POST", "calendar-feeds/", {"title": "Lab", "source_url": address})
    assert answer.status_code in {201, 400}, (address, answer.text)


@pytest.mark.contract("planner §0")
@fuzzed
@given(st.dictionaries(st.sampled_from(LINK_FIELDS), values))
def test_any_link_body_is_answered(eve: User, body: dict[str, Any]) -> None:
    answer = send(eve, "POST", "calendar-links/", {"name": "Phone", **body})
    assert answer.status_code in {201, 400, 404}, (body, answer.text)


@pytest.mark.contract("planner §0")
@pytest.mark.parametrize("title", ["\ud800", "a\x00b"])
def test_text_that_cannot_be_kept_is_400(eve: User, title: str) -> None:
    answer = send(eve, "POST", "planner-events/", {"title": title, "event_date": "2026-05-06"})
    assert answer.status_code == 400


@pytest.mark.contract("planner §9")
def test_no_event_keeps_a_course_deleted_in_the_same_moment(ann: User, tables: Tables) -> None:
    moved = ann.post("planner-events/", {"title": "Moved", "event_date": "2026-05-06"}).json()
    courses = [ann.post("courses/", {"title": f"Course {secrets.token_hex(6)}"}).json()["id"] for _ in range(6)]

    def create(course_id: int) -> int:
        body = {"title": "Plan", "event_date": "2026-05-06", "course_id": course_id}
        return ann.post("planner-events/", body).status_code

    def move(course_id: int) -> int:
        return ann.patch(f"planner-events/{moved['id']}/", {"course_id": course_id}).status_code

    def delete(course_id: int) -> int:
        return ann.delete(f"courses/{course_id}/").status_code

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(job, course) for course in courses for job in (create, move, delete, create)]
        statuses = {job.result() for job in jobs}
    assert statuses <= {200, 201, 204, 404}
    for course_id in courses:
        eventually(lambda: tables.count("course_refs", course_id=course_id, is_deleted=True))
        assert tables.count("planner_events", course_id=course_id) == 0


@pytest.mark.contract("ADR 0003")
def test_sessions_and_purge_in_the_same_moment(ann: User, publisher: Publisher, tables: Tables) -> None:
    notes = [publisher.note(ann) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(ann.post, "note-sessions/", {"note_id": note}) for note in notes for _ in range(6)]
        for note in notes:
            publisher.purge(ann, note)
        assert {job.result().status_code for job in jobs} <= {201, 404}
    assert [tables.count("note_sessions", note_id=note) for note in notes] == [0, 0, 0]
