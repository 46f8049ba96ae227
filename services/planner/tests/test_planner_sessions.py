"""Work sessions through the gateway (planner §8, notes §9.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from services.planner.tests.calls import begin_session
from services.planner.tests.support import Publisher, Tables, note_event
from tests.support.client import User

from notechondria_contracts.events.notes import NoteTrashed
from notechondria_contracts.fields import validation_messages


def listed(user: User, query: str = "") -> list[int]:
    return [row["id"] for row in user.get(f"note-sessions/{query}").json()]


@pytest.mark.contract("planner §8", "planner §1.3", "planner §6.3")
def test_a_session_opens_with_the_notes_own_texts(ann: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    note_id = publisher.note(ann, description="d" * 300, course_id=course_id)
    before = datetime.now(UTC) - timedelta(seconds=1)
    row = begin_session(ann, note_id)
    started = datetime.fromisoformat(row["starts_at"])
    assert before < started < datetime.now(UTC) + timedelta(seconds=1)
    assert datetime.fromisoformat(row["ends_at"]) == started + timedelta(minutes=15)
    assert row == {
        "id": row["id"],
        "title": "Enzymes",
        "kind": "note_session",
        "note_id": note_id,
        "course_id": course_id,
        "summary": "d" * 255,
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
    }
    assert ann.get("note-sessions/").json() == [row]


@pytest.mark.contract("planner §8", "planner §6.3")
def test_a_session_opens_with_what_is_sent(ann: User, publisher: Publisher) -> None:
    note_id = publisher.note(ann)
    row = begin_session(
        ann,
        note_id,
        title=" Reading ",
        summary="Chapter 4",
        started_at="2026-05-04T08:00:00",
        ended_at="2026-05-04T11:00:00+02:00",
    )
    assert (row["title"], row["summary"], row["course_id"]) == ("Reading", "Chapter 4", None)
    assert (row["starts_at"], row["ends_at"]) == ("2026-05-04T08:00:00+00:00", "2026-05-04T09:00:00+00:00")
    blank = begin_session(ann, note_id, title="", summary=" ", started_at=None, ended_at=None)
    assert (blank["title"], blank["summary"]) == ("Enzymes", "How they fold")


@pytest.mark.contract("apps §8", "planner §8")
def test_a_long_summary_is_cut_and_not_refused(ann: User, publisher: Publisher) -> None:
    row = begin_session(ann, publisher.note(ann), summary="d" * 254 + " " + "e" * 400)
    assert row["summary"] == "d" * 254
    changed = ann.patch(f"note-sessions/{row['id']}/", {"summary": "\U0001f393" * 300})
    assert (changed.status_code, changed.json()["summary"]) == (200, "\U0001f393" * 255)


@pytest.mark.contract("planner §8")
def test_a_patch_changes_texts_and_times_but_not_the_note(ann: User, publisher: Publisher) -> None:
    note_id, other = publisher.note(ann), publisher.note(ann)
    row = begin_session(ann, note_id, started_at="2026-05-04T08:00:00Z")
    path = f"note-sessions/{row['id']}/"
    assert ann.patch(path, {}).json() == row
    assert ann.patch(path, {"started_at": None, "note_id": other}).json() == row
    changed = ann.patch(path, {"title": "T", "summary": "S", "ended_at": "2026-05-04T09:30:00Z"}).json()
    assert changed == {**row, "title": "T", "summary": "S", "ends_at": "2026-05-04T09:30:00+00:00"}
    moved = ann.patch(path, {"started_at": "2026-05-04T07:00:00Z", "ended_at": None}).json()
    assert (moved["starts_at"], moved["ends_at"]) == ("2026-05-04T07:00:00+00:00", "2026-05-04T07:15:00+00:00")


@pytest.mark.contract("planner §8", "planner §0")
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("note_id", "x", "A valid integer is required."),
        ("note_id", None, "This field may not be null."),
        ("title", None, validation_messages.NULL),
        ("summary", None, validation_messages.NULL),
        ("started_at", "2026-05-04", validation_messages.BAD_DATETIME),
        ("title", "x" * 121, "Ensure this field has no more than 120 characters."),
        (
            "ended_at",
            "later",
            validation_messages.BAD_DATETIME,
        ),
    ],
)
def test_a_bad_session_names_the_failing_field(
    eve: User, publisher: Publisher, field: str, value: Any, message: str
) -> None:
    note_id = publisher.note(eve)
    row = begin_session(eve, note_id)
    for answer in (
        eve.post("note-sessions/", {"note_id": note_id, field: value}),
        eve.patch(f"note-sessions/{row['id']}/", {field: value}),
    ):
        assert answer.status_code == 400
        assert answer.json() == {field: [message]}


@pytest.mark.contract("planner §8", "planner §1.3")
def test_the_longest_values_of_a_session_are_kept(ann: User, publisher: Publisher) -> None:
    row = begin_session(ann, publisher.note(ann), title="t" * 120, summary="s" * 255)
    assert (row["title"], row["summary"]) == ("t" * 120, "s" * 255)
    assert ann.get("note-sessions/").json() == [row]


@pytest.mark.contract("planner §8", "planner §0")
def test_note_id_is_required(ann: User) -> None:
    answer = ann.post("note-sessions/", {})
    assert answer.status_code == 400
    assert answer.json() == {"note_id": ["This field is required."]}


@pytest.mark.contract("planner §8", "planner §0")
def test_notes_and_sessions_of_others_do_not_exist(ann: User, ben: User, publisher: Publisher, tables: Tables) -> None:
    note_id = publisher.note(ann)
    row = begin_session(ann, note_id)
    assert ben.post("note-sessions/", {"note_id": note_id}).status_code == 404
    assert ben.patch(f"note-sessions/{row['id']}/", {"title": "Mine"}).status_code == 404
    assert listed(ben) == []
    assert listed(ben, f"?note_id={note_id}") == []
    assert ann.get("note-sessions/").json() == [row]
    assert tables.count("note_sessions", note_id=note_id) == 1


@pytest.mark.contract("planner §8")
@pytest.mark.parametrize("note_id", [-1, 0, 899_999_999])
def test_an_unknown_note_is_404(eve: User, note_id: int) -> None:
    assert eve.post("note-sessions/", {"note_id": note_id}).status_code == 404
    assert eve.patch("note-sessions/899999999/", {}).status_code == 404


@pytest.mark.contract("planner §8", "planner §1.3")
def test_the_list_is_newest_first_and_narrowed_by_note(ann: User, publisher: Publisher) -> None:
    one, two = publisher.note(ann), publisher.note(ann)
    old = begin_session(ann, one, started_at="2026-05-01T08:00:00Z")["id"]
    twin_a = begin_session(ann, two, started_at="2026-05-02T08:00:00Z")["id"]
    twin_b = begin_session(ann, one, started_at="2026-05-02T08:00:00Z")["id"]
    assert listed(ann) == [twin_b, twin_a, old]
    assert listed(ann, f"?note_id={one}") == [twin_b, old]
    assert listed(ann, "?note_id=&limit=") == [twin_b, twin_a, old]
    assert listed(ann, "?limit=1") == [twin_b]
    assert listed(ann, "?limit=x&note_id=899999999") == []
    answer = ann.get("note-sessions/?note_id=x")
    assert answer.status_code == 400
    assert "note_id" in answer.json()["detail"]


@pytest.mark.contract("planner §8", "decision 33")
def test_the_list_is_50_sessions_and_200_at_most(ann: User, publisher: Publisher, tables: Tables) -> None:
    note_id = publisher.note(ann)
    tables.rows(
        "INSERT INTO planner.note_sessions (user_id, note_id, title, summary, started_at, date_created, last_edit) "
        "SELECT %s, %s, 'T', '', now() - n * interval '1 hour', now(), now() FROM generate_series(1, 210) n",
        ann.id,
        note_id,
    )
    assert [len(listed(ann, query)) for query in ("", "?limit=x", "?limit=120", "?limit=9999", "?limit=0")] == [
        50,
        50,
        120,
        200,
        1,
    ]


@pytest.mark.contract("planner §8", "decision 12")
def test_a_session_on_a_binned_note_is_made_but_hidden(ann: User, publisher: Publisher) -> None:
    note_id = publisher.note(ann)
    publisher.publish(note_event(NoteTrashed, note_id, ann, revision=2))
    row = begin_session(ann, note_id)
    assert row["title"] == "Enzymes"
    assert listed(ann) == []
    assert ann.patch(f"note-sessions/{row['id']}/", {"title": "Closed"}).json()["title"] == "Closed"


@pytest.mark.contract("planner §8")
def test_wrong_methods_on_sessions_are_405(ann: User) -> None:
    answer = ann.delete("note-sessions/1/")
    assert answer.status_code == 405
    assert answer.json() == {"detail": 'Method "DELETE" not allowed.'}
