"""The planner's rules: windows, completion, recurrence, the week, the heatmap, references to notes and courses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.support.rules import Person, Service

from notechondria_contracts.events.identity import UserDeleted
from notechondria_contracts.events.notes import (
    ActivityRecorded,
    CourseCreated,
    CourseDeleted,
    NoteCreated,
    NotePurged,
    NoteRestored,
    NoteTrashed,
)
from planner_service import handlers

DAY = date(2031, 3, 3)  # a Monday
HANDLERS: dict[type[Any], Any] = {
    kind: handler for subscription in handlers.SUBSCRIPTIONS for kind, handler in subscription.handlers.items()
}


@pytest.fixture
def ann(planner: Service) -> Person:
    return planner.person()


@pytest.fixture
def ben(planner: Service) -> Person:
    return planner.person()


def event(person: Person, title: str = "Exam", day: date = DAY, **more: Any) -> dict[str, Any]:
    return person.make("planner-events/", title=title, event_date=day.isoformat(), **more)


def consume(planner: Service, *events: Any) -> None:
    for one in events:
        planner.handle(HANDLERS[type(one)], one)


def note(person: Person, note_id: int, title: str = "Note", kind: Any = NoteCreated, revision: int = 1) -> Any:
    return kind(
        note_id=note_id, uuid=uuid4(), user_id=person.id, title=title, description="about it", course_id=None,
        revision=revision,
    )  # fmt: skip


def week(person: Person, start: date = DAY, days: int = 7) -> dict[str, list[dict[str, Any]]]:
    shown = person.get("activity/week/", start_date=start.isoformat(), days=str(days)).json()
    return {day["date"]: day["events"] for day in shown["days"]}


def test_nothing_of_one_test_is_seen_by_the_next(planner: Service, ann: Person) -> None:
    assert planner.rows("SELECT count(*) AS n FROM planner_events") == [{"n": 0}]
    event(ann)
    assert planner.rows("SELECT count(*) AS n FROM planner_events") == [{"n": 1}]


@pytest.mark.parametrize(
    ("sent", "starts", "ends"),
    [
        ({}, "2031-03-03T12:00", "2031-03-03T13:00"),
        ({"starts_at": "2031-03-03T08:00:00Z"}, "2031-03-03T08:00", "2031-03-03T09:00"),
        ({"starts_at": "2031-03-03T08:00:00+02:00"}, "2031-03-03T06:00", "2031-03-03T07:00"),
        (
            {"starts_at": "2031-03-03T08:00:00Z", "ends_at": "2031-03-03T08:20:00Z"},
            "2031-03-03T08:00",
            "2031-03-03T08:20",
        ),
    ],
)
def test_a_window_is_completed(ann: Person, sent: dict[str, Any], starts: str, ends: str) -> None:
    made = event(ann, **sent)
    assert (made["starts_at"], made["ends_at"]) == (f"{starts}:00+00:00", f"{ends}:00+00:00")


def test_a_new_date_moves_the_window_along(ann: Person) -> None:
    made = event(ann, starts_at="2031-03-03T08:00:00Z", ends_at="2031-03-03T10:00:00Z")
    moved = ann.patch(f"planner-events/{made['id']}/", {"event_date": "2031-03-10"}).json()
    assert (moved["starts_at"], moved["ends_at"]) == ("2031-03-10T08:00:00+00:00", "2031-03-10T10:00:00+00:00")


def test_completion_is_dated_once_and_taken_back(ann: Person) -> None:
    path = f"planner-events/{event(ann)['id']}/"
    done = ann.patch(path, {"is_completed": True}).json()
    assert datetime.fromisoformat(done["completed_at"]) <= datetime.now(UTC)
    assert ann.patch(path, {"is_completed": True}).json()["completed_at"] == done["completed_at"]
    assert ann.patch(path, {"is_completed": False}).json()["completed_at"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 121),
        ("event_date", "soon"),
        ("difficulty_weight", 0),
        ("recurrence_freq", "Q"),
        ("recurrence_interval", 0),
        ("recurrence_count", 0),
        ("is_completed", "perhaps"),
    ],
)
def test_a_field_that_cannot_be_is_named(planner: Service, ann: Person, field: str, value: Any) -> None:
    body = {"title": "x", "event_date": "2031-03-03", field: value}
    answer = ann.post("planner-events/", body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert planner.events() == []


def test_an_event_is_its_owners_alone(ann: Person, ben: Person) -> None:
    path = f"planner-events/{event(ann)['id']}/"
    refusals = [ben.get(path), ben.patch(path, {"title": "mine"}), ben.delete(path)]
    assert [answer.status_code for answer in refusals] == [404, 404, 404]
    assert ben.get("planner-events/").json() == []
    assert ann.get(path).json()["title"] == "Exam"


def test_who_may_only_read_writes_nothing(planner: Service, ann: Person) -> None:
    made = event(ann)
    reader = Person(planner, ann.id, scopes=("read",))
    assert reader.get(f"planner-events/{made['id']}/").status_code == 200
    assert reader.delete(f"planner-events/{made['id']}/").status_code == 403
    assert planner.request("GET", "planner-events/").status_code == 401


def test_each_change_is_published_once(planner: Service, ann: Person) -> None:
    path = f"planner-events/{event(ann)['id']}/"
    ann.patch(path, {"title": "Exam"})  # nothing changes
    ann.patch(path, {"title": "Test"})
    ann.delete(path)
    assert planner.events() == ["planner.event.created", "planner.event.updated", "planner.event.deleted"]
    revisions = planner.rows("SELECT (envelope -> 'data' ->> 'revision')::int AS n FROM outbox ORDER BY id")
    assert [row["n"] for row in revisions] == [1, 2, 3]


def test_completed_events_are_listed_when_asked_for(ann: Person) -> None:
    event(ann, "open")
    event(ann, "done", is_completed=True)
    assert [one["title"] for one in ann.get("planner-events/").json()] == ["open"]
    both = ann.get("planner-events/", include_completed="true").json()
    assert [one["title"] for one in both] == ["done", "open"]
    assert len(ann.get("planner-events/", include_completed="1", limit="1").json()) == 1


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ({"recurrence_freq": "N"}, ["03-03"]),
        ({"recurrence_freq": "W"}, ["03-03", "03-10", "03-17", "03-24", "03-31"]),
        ({"recurrence_freq": "W", "recurrence_interval": 2}, ["03-03", "03-17", "03-31"]),
        ({"recurrence_freq": "W", "recurrence_count": 2}, ["03-03", "03-10"]),
        ({"recurrence_freq": "W", "recurrence_end_date": "2031-03-17"}, ["03-03", "03-10", "03-17"]),
        ({"recurrence_freq": "M"}, ["03-03"]),
    ],
)
def test_a_series_appears_on_its_days(ann: Person, rule: dict[str, Any], days: list[str]) -> None:
    event(ann, **rule)
    shown = week(ann, days=30)
    assert [day[5:] for day, items in shown.items() if items] == days
    assert not any(week(ann, date(2031, 2, 24)).get(f"2031-02-{day}") for day in (24, 25, 26, 27, 28))


def test_a_monthly_series_of_the_31st_is_clamped_to_each_month(ann: Person) -> None:
    event(ann, day=date(2031, 1, 31), recurrence_freq="M")
    february = [day for day, items in week(ann, date(2031, 2, 1), 30).items() if items]
    assert february == ["2031-02-28"]
    assert [day for day, items in week(ann, date(2031, 3, 25)).items() if items] == ["2031-03-31"]


def test_a_yearly_series_comes_back_on_its_day(ann: Person) -> None:
    event(ann, recurrence_freq="Y")
    shown = week(ann, date(2032, 3, 1))
    assert [(day, items[0]["occurrence_date"]) for day, items in shown.items() if items] == [("2032-03-03",) * 2]


@pytest.mark.parametrize(("days", "length"), [("3", 3), ("7", 7), ("30", 30), ("8", 7), ("", 7), ("many", 7)])
def test_a_week_has_three_seven_or_thirty_days(ann: Person, days: str, length: int) -> None:
    shown = ann.get("activity/week/", start_date="2031-03-03", days=days).json()
    assert (shown["start_date"], len(shown["days"])) == ("2031-03-03", length)
    assert (shown["previous_week_start"], shown["next_week_start"]) == ("2031-02-24", "2031-03-10")


def test_deadlines_are_ranked_by_weight_per_hour_left(ann: Person) -> None:
    soon = datetime.now(UTC) + timedelta(days=2)
    event(ann, "light", soon.date(), starts_at=soon.isoformat(), difficulty_weight=1)
    event(ann, "heavy", soon.date(), starts_at=soon.isoformat(), difficulty_weight=5)
    event(ann, "done", soon.date(), starts_at=soon.isoformat(), difficulty_weight=9, is_completed=True)
    deadlines = ann.get("activity/week/").json()["deadlines"]
    assert [one["title"] for one in deadlines] == ["heavy", "light", "done"]
    assert deadlines[0]["urgency_score"] == pytest.approx(5 / 48, abs=0.01)


def test_the_heatmap_shows_what_was_written_and_what_is_planned(planner: Service, ann: Person, ben: Person) -> None:
    today = datetime.now(UTC).date()
    for number, words in enumerate((20, 350)):
        written = ActivityRecorded(
            activity_id=uuid4(), user_id=ann.id, note_id=8, course_id=None, activity_type="C", activity_date=today,
            word_count=words, revision=number + 1,
        )  # fmt: skip
        consume(planner, written, written)  # a second time changes nothing
    event(ann, day=today + timedelta(days=1), difficulty_weight=3)
    cells = {cell["date"]: cell for cell in ann.get("heatmap/").json()["cells"]}
    assert cells[today.isoformat()]["past_value"] == 3  # 350 words
    assert cells[(today + timedelta(days=1)).isoformat()]["future_value"] == 3
    assert ben.get("heatmap/").json()["max_past_value"] == 0


def test_a_work_session_takes_title_and_summary_of_its_note(planner: Service, ann: Person) -> None:
    consume(planner, note(ann, 7, "Eigenvalues"))
    made = ann.make("note-sessions/", note_id=7)
    assert (made["title"], made["summary"], made["kind"]) == ("Eigenvalues", "about it", "note_session")
    begins, ends = (datetime.fromisoformat(made[name]) for name in ("starts_at", "ends_at"))
    assert ends - begins == timedelta(minutes=15)  # while it is open
    own = ann.make("note-sessions/", note_id=7, title="Mine")
    assert own["title"] == "Mine"
    assert [one["id"] for one in ann.get("note-sessions/").json()] == [own["id"], made["id"]]


def test_a_binned_note_hides_its_sessions_until_it_comes_back(planner: Service, ann: Person) -> None:
    consume(planner, note(ann, 7))
    ann.make("note-sessions/", note_id=7)
    consume(planner, note(ann, 7, kind=NoteTrashed, revision=2))
    assert ann.get("note-sessions/").json() == []
    consume(planner, note(ann, 7, kind=NoteRestored, revision=3))
    assert len(ann.get("note-sessions/").json()) == 1
    consume(planner, note(ann, 7, kind=NotePurged, revision=4))
    assert planner.rows("SELECT count(*) AS n FROM note_sessions") == [{"n": 0}]


def test_an_older_event_changes_nothing(planner: Service, ann: Person) -> None:
    consume(planner, note(ann, 7, kind=NoteTrashed, revision=5), note(ann, 7, kind=NoteRestored, revision=4))
    ann.make("note-sessions/", note_id=7)  # a note in the bin can be worked on
    assert ann.get("note-sessions/").json() == []


def test_a_note_of_somebody_else_is_not_worked_on(planner: Service, ann: Person, ben: Person) -> None:
    consume(planner, note(ann, 7))
    assert ben.post("note-sessions/", {"note_id": 7}).status_code == 404


def test_events_lose_a_course_that_is_deleted(planner: Service, ann: Person) -> None:
    consume(planner, CourseCreated(course_id=3, user_id=ann.id, title="Algebra", revision=1))
    made = event(ann, course_id=3)
    assert made["course_id"] == 3
    consume(planner, CourseDeleted(course_id=3, user_id=ann.id, title="Algebra", revision=2))
    assert ann.get(f"planner-events/{made['id']}/").json()["course_id"] is None
    assert ann.post("planner-events/", {"title": "x", "event_date": "2031-03-03", "course_id": 3}).status_code == 404


def test_nothing_is_left_of_a_deleted_account(planner: Service, ann: Person, ben: Person) -> None:
    consume(planner, note(ann, 7))
    event(ann)
    event(ben)
    ann.make("note-sessions/", note_id=7)
    consume(planner, UserDeleted(user_id=ann.id, revision=9))
    assert ann.post("planner-events/", {"title": "x", "event_date": "2031-03-03"}).status_code == 401
    assert planner.rows("SELECT user_id FROM planner_events") == [{"user_id": ben.id}]
    assert planner.rows("SELECT count(*) AS n FROM note_sessions") == [{"n": 0}]
