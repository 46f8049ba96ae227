"""What the planner consumes, in whatever order and however often it is published (ADR 0003)."""

from __future__ import annotations

import secrets
from datetime import date
from uuid import uuid4

import pytest
from services.planner.tests.calls import create_feed, grid, link, plan
from services.planner.tests.feed_server import SEMINAR
from services.planner.tests.support import Publisher, Tables, activity_event, note_event
from tests.support.client import User, eventually

from notechondria_contracts.events.notes import (
    CourseCreated,
    CourseDeleted,
    CourseUpdated,
    NoteCreated,
    NoteRestored,
    NoteTrashed,
    NoteUpdated,
)
from notechondria_launcher.stack import Stack

EVENT = {"title": "Plan", "event_date": "2026-05-06"}


def session_on(user: User, note_id: int) -> int:
    answer = user.post("note-sessions/", {"note_id": note_id, "started_at": "2026-05-04T08:00:00Z"})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def shown(user: User) -> list[int]:
    """Ids of the sessions in the week, each once more in the list: `[7, 7]` when all agree on session 7."""
    week = user.get("activity/week/?start_date=2026-05-04").json()
    return [item["id"] for item in (*week["days"][0]["events"], *user.get("note-sessions/").json())]


@pytest.mark.contract("decision 12", "notes §5.8", "planner §1.3")
def test_sessions_follow_the_bin(ann: User, today: date, publisher: Publisher, tables: Tables) -> None:
    note_id = publisher.note(ann)
    row = session_on(ann, note_id)
    publisher.publish(activity_event(ann, note_id, today, 10))
    assert shown(ann) == [row, row]
    publisher.publish(note_event(NoteTrashed, note_id, ann, revision=2))
    assert shown(ann) == []
    assert ann.get("heatmap/").json()["max_past_value"] == 1
    publisher.publish(note_event(NoteRestored, note_id, ann, revision=3))
    assert shown(ann) == [row, row]
    publisher.publish(note_event(NoteTrashed, note_id, ann, revision=4))
    publisher.purge(ann, note_id, revision=5)
    assert shown(ann) == []
    assert tables.count("note_sessions", note_id=note_id) == 0
    assert tables.count("activities", note_id=note_id) == 0
    assert ann.get("heatmap/").json()["max_past_value"] == 0
    assert ann.patch(f"note-sessions/{row}/", {}).status_code == 404
    assert ann.post("note-sessions/", {"note_id": note_id}).status_code == 404


def test_late_events_do_not_bring_a_purged_note_back(
    ann: User, today: date, publisher: Publisher, tables: Tables
) -> None:
    note_id = publisher.note(ann, title="Secret")
    publisher.purge(ann, note_id)
    publisher.publish(
        note_event(NoteCreated, note_id, ann, title="Secret"),
        note_event(NoteUpdated, note_id, ann, title="Secret", revision=20),
        note_event(NoteRestored, note_id, ann, title="Secret", revision=21),
        activity_event(ann, note_id, today, 10),
    )
    (kept,) = tables.rows("SELECT title, description, state FROM planner.note_refs WHERE note_id = %s", note_id)
    assert kept == {"title": "", "description": "", "state": "purged"}
    assert tables.count("activities", note_id=note_id) == 0


def test_purge_of_an_unknown_note(ann: User, publisher: Publisher) -> None:
    note_id = publisher.new_id()
    publisher.purge(ann, note_id)
    publisher.publish(note_event(NoteCreated, note_id, ann))
    assert ann.post("note-sessions/", {"note_id": note_id}).status_code == 404


def test_older_events_do_not_overwrite(ann: User, publisher: Publisher, tables: Tables) -> None:
    note_id = publisher.note(ann)
    publisher.publish(
        note_event(NoteUpdated, note_id, ann, title="Newest", revision=5),
        note_event(NoteUpdated, note_id, ann, title="Old", revision=4),
        note_event(NoteCreated, note_id, ann, title="Oldest", revision=1),
    )
    assert tables.rows("SELECT title, revision FROM planner.note_refs WHERE note_id = %s", note_id) == [
        {"title": "Newest", "revision": 5}
    ]
    course_id = publisher.new_id()
    course = {"course_id": course_id, "user_id": ann.id}
    publisher.publish(
        CourseUpdated(**course, title="Newest", revision=3),
        CourseCreated(**course, title="Oldest", revision=1),
    )
    assert tables.rows("SELECT title, revision FROM planner.course_refs WHERE course_id = %s", course_id) == [
        {"title": "Newest", "revision": 3}
    ]


def test_state_and_text_arrive_in_any_order(ann: User, publisher: Publisher) -> None:
    note_id = publisher.note(ann)
    row = session_on(ann, note_id)
    # The edit of the binned note overtakes the trashing, which must still be felt.
    publisher.publish(
        note_event(NoteUpdated, note_id, ann, title="Edited", revision=3),
        note_event(NoteTrashed, note_id, ann, revision=2),
    )
    assert shown(ann) == []
    publisher.publish(
        note_event(NoteRestored, note_id, ann, revision=5),
        note_event(NoteTrashed, note_id, ann, revision=4),
    )
    assert shown(ann) == [row, row]
    # An edit says nothing of the bin.
    publisher.publish(
        note_event(NoteTrashed, note_id, ann, revision=6),
        note_event(NoteUpdated, note_id, ann, revision=7),
    )
    assert shown(ann) == []


def test_one_event_delivered_twice_has_one_effect(ann: User, publisher: Publisher, tables: Tables) -> None:
    course_id, event_id = publisher.course(), uuid4()
    event = ann.post("planner-events/", {**EVENT, "course_id": course_id}).json()
    deletion = CourseDeleted(course_id=course_id, user_id=None, title="Biology", revision=2)
    publisher.publish(deletion, event_id=event_id)
    publisher.publish(deletion, event_id=event_id)
    assert tables.count("inbox", event_id=event_id) == 1
    assert tables.rows("SELECT revision FROM planner.planner_events WHERE id = %s", event["id"]) == [{"revision": 2}]


@pytest.mark.contract("planner §9", "planner §1.1")
def test_a_deleted_course_leaves_events_and_feeds_without_it(
    ann: User, ben: User, today: date, publisher: Publisher, tables: Tables
) -> None:
    course_id, kept = publisher.course(ann), publisher.course(ann)
    note_id = publisher.note(ann, course_id=course_id)
    session_on(ann, note_id)
    publisher.publish(activity_event(ann, note_id, today, 10, course_id=course_id))
    mine = ann.post("planner-events/", {**EVENT, "course_id": course_id}).json()
    theirs = ben.post("planner-events/", {**EVENT, "course_id": course_id}).json()
    other = ann.post("planner-events/", {**EVENT, "course_id": kept}).json()
    feed = ann.post("calendar-feeds/", {"title": "Lab", "course_id": course_id}).json()
    link = ann.post("calendar-links/", {"name": "Phone", "course_id": course_id}).json()
    assert (feed["course_id"], link["course_id"]) == (course_id, course_id)
    publisher.on_course_deleted(course_id)
    assert ann.get(f"planner-events/{mine['id']}/").json() == {**mine, "course_id": None}
    assert ben.get(f"planner-events/{theirs['id']}/").json() == {**theirs, "course_id": None}
    assert ann.get(f"planner-events/{other['id']}/").json() == other
    for table in ("calendar_feeds", "calendar_links", "activities", "note_refs"):
        assert tables.count(table, course_id=course_id) == 0
    assert ann.get("calendar-feeds/").json()[0]["course_id"] is None
    assert ann.get("calendar-links/").json()[0]["course_id"] is None
    assert ann.get("note-sessions/").json()[0]["course_id"] is None
    published_events = tables.events_of(f"planner-events/{theirs['id']}")
    assert [row["subject"] for row in published_events] == ["planner.event.created", "planner.event.updated"]


@pytest.mark.contract("planner §9")
def test_a_deleted_course_stays_deleted(ann: User, today: date, publisher: Publisher, tables: Tables) -> None:
    course_id = publisher.course(ann)
    publisher.on_course_deleted(course_id)
    activity = activity_event(ann, publisher.note(ann), today, 10, course_id=course_id)
    publisher.publish(CourseUpdated(course_id=course_id, user_id=ann.id, title="Back", revision=7), activity)
    assert ann.post("planner-events/", {**EVENT, "course_id": course_id}).status_code == 404
    assert tables.count("activities", activity_id=activity.activity_id, note_id=activity.note_id) == 1
    assert tables.count("activities", course_id=course_id) == 0


@pytest.mark.contract("planner §1.1")
def test_account_deletion_takes_everything(
    ann: User, ben: User, today: date, publisher: Publisher, tables: Tables
) -> None:
    course_id = publisher.course(ann)
    note_id = publisher.note(ann)
    session_on(ann, note_id)
    publisher.publish(activity_event(ann, note_id, today, 10))
    ann.post("planner-events/", {**EVENT, "course_id": course_id})
    theirs = ben.post("planner-events/", {**EVENT, "course_id": course_id}).json()
    secret = (
        f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260506T093000Z\nSUMMARY:{ann.username}\nEND:VEVENT\nEND:VCALENDAR"
    )
    ann.post("calendar-feeds/", {"title": "Lab", "raw_ical": secret})
    ann.post("calendar-links/", {"name": "Phone"})
    owned = (
        "planner_events",
        "calendar_feeds",
        "calendar_links",
        "note_sessions",
        "activities",
        "note_refs",
        "course_refs",
    )
    assert tables.count("calendar_sources", body=secret) == 1
    assert all(tables.count(table, user_id=ann.id) for table in owned)
    assert ann.request("DELETE", "auth/account/", json={"password": ann.password}).status_code == 204
    eventually(lambda: tables.count("deleted_users", user_id=ann.id))
    assert not any(tables.count(table, user_id=ann.id) for table in owned)
    assert tables.count("calendar_sources", body=secret) == 0
    assert ben.get(f"planner-events/{theirs['id']}/").json() == {**theirs, "course_id": None}
    # What is published late of the deleted account is not taken up.
    late = publisher.new_id()
    publisher.publish(
        note_event(NoteCreated, late, ann),
        note_event(NoteUpdated, late, ann, revision=2),
        note_event(NoteTrashed, late, ann, revision=3),
        note_event(NoteRestored, late, ann, revision=4),
        CourseUpdated(course_id=publisher.new_id(), user_id=ann.id, title="Mine", revision=5),
        activity_event(ann, late, today, 10),
    )
    publisher.purge(ann, late)
    assert not any(tables.count(table, user_id=ann.id) for table in owned)


@pytest.mark.contract("ADR 0003", "planner §8")
def test_a_reference_that_has_not_arrived_is_asked_for(ann: User, ben: User, tables: Tables) -> None:
    course = ann.post("courses/", {"title": f"Biology {secrets.token_hex(4)}"}).json()
    note = ann.post("notes/", {"title": "Enzymes", "description": "Fold", "course_id": course["id"]}).json()
    for table, column, value in (("course_refs", "course_id", course["id"]), ("note_refs", "note_id", note["id"])):
        eventually(lambda: tables.count(table, **{column: value}))
        # As if the events were still under way.
        tables.rows(f"DELETE FROM planner.{table} WHERE {column} = %s", value)
    assert ben.post("note-sessions/", {"note_id": note["id"]}).status_code == 404
    answer = ann.post("note-sessions/", {"note_id": note["id"]})
    assert answer.status_code == 201
    assert {key: answer.json()[key] for key in ("title", "summary", "course_id")} == {
        "title": "Enzymes",
        "summary": "Fold",
        "course_id": course["id"],
    }
    answer = ann.post("planner-events/", {**EVENT, "course_id": course["id"]})
    assert answer.status_code == 201
    assert tables.count("course_refs", course_id=course["id"], user_id=ann.id) == 1


@pytest.mark.contract("ADR 0003", "planner §8")
@pytest.mark.timeout(60)
def test_notes_away_is_503_only_where_it_must_be_asked(ann: User, stack: Stack, publisher: Publisher) -> None:
    course_id, note_id = publisher.course(ann), publisher.note(ann)
    stack.kill("notes")
    try:
        for path, body in (
            ("planner-events/", {**EVENT, "course_id": 899_999_998}),
            ("note-sessions/", {"note_id": 899_999_998}),
        ):
            answer = ann.post(path, body)
            assert answer.status_code == 503
            assert "notes service" in answer.json()["detail"]
            assert answer.headers["Retry-After"]
        assert ann.post("planner-events/", {**EVENT, "course_id": course_id}).status_code == 201
        session_on(ann, note_id)
        assert shown(ann)
    finally:
        stack.start_part("notes")


@pytest.mark.contract("notes §7", "notes §12", "planner §1.3", "planner §8", "decision 12")
def test_story_a_note_is_binned_restored_and_purged(ann: User, tables: Tables) -> None:
    note = ann.post("notes/", {"title": "Enzymes", "content": "one two three"}).json()
    row = session_on(ann, note["id"])
    eventually(lambda: ann.get("heatmap/").json()["max_past_value"] == 1)
    assert shown(ann) == [row, row]
    assert ann.delete(f"notes/{note['id']}/").status_code < 300
    eventually(lambda: shown(ann) == [])
    assert ann.post(f"notes/{note['id']}/restore/").status_code == 200
    eventually(lambda: shown(ann) == [row, row])
    assert ann.delete(f"notes/{note['id']}/").status_code < 300
    eventually(lambda: shown(ann) == [])
    assert ann.delete("notes/deleted/empty/").status_code < 300
    eventually(lambda: tables.count("note_sessions", note_id=note["id"]) == 0)
    eventually(lambda: ann.get("heatmap/").json()["max_past_value"] == 0)
    assert ann.post("note-sessions/", {"note_id": note["id"]}).status_code == 404


@pytest.mark.contract("notes §4.7", "planner §1.2", "planner §9")
def test_story_a_course_is_deleted(ann: User) -> None:
    course = ann.post("courses/", {"title": f"Biology {secrets.token_hex(4)}"}).json()["id"]
    event = plan(ann, "2026-05-06", course_id=course)
    feed = create_feed(ann, course_id=course, raw_ical=SEMINAR)
    made = link(ann, course_id=course)
    assert event["course_id"] == feed["course_id"] == made["course_id"] == course
    assert {item["course_id"] for items in grid(ann, "?start_date=2026-05-04").values() for item in items} == {course}
    assert ann.delete(f"courses/{course}/").status_code < 300
    eventually(lambda: ann.get(f"planner-events/{event['id']}/").json()["course_id"] is None)
    for path in ("planner-events/", "calendar-feeds/", "calendar-links/"):
        assert [row["course_id"] for row in ann.get(path).json()] == [None], path
    assert {item["course_id"] for items in grid(ann, "?start_date=2026-05-04").values() for item in items} == {None}
    for path in (f"planner-events/{event['id']}/", f"calendar-feeds/{feed['id']}/"):
        assert ann.patch(path, {"course_id": course}).status_code == 404


def test_capability_is_announced(ann: User) -> None:
    eventually(lambda: ann.get("handshake/").json()["capabilities"].get("planner") == 1)
