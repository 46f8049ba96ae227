"""Calendar feeds through the gateway: the resource, and what is read of a calendar (planner §3, §5.1, §5.3, §12.4)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from services.planner.tests.feed_server import FeedServer, vcalendar, vevent
from services.planner.tests.support import Tables, Teller
from services.planner.tests.test_feed_urls import ICAL, LAB, MARIA, NO_ADDRESSES, PAGE, TABLE
from tests.support.client import User

from notechondria_shared.fields import messages

SEMINAR = vcalendar(vevent("20260505T093000Z", DTEND="20260505T103000Z", SUMMARY="Seminar"))
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def create(user: User, **fields: Any) -> dict[str, Any]:
    answer = user.post("calendar-feeds/", {"title": "Lab timetable", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def change(user: User, feed: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = user.patch(f"calendar-feeds/{feed['id']}/", fields)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def entries(user: User, start: str = "2026-05-04", days: int = 7) -> list[dict[str, Any]]:
    """The calendar items of a week."""
    answer = user.get(f"activity/week/?start_date={start}&days={days}")
    assert answer.status_code == 200, answer.text
    return [item for day in answer.json()["days"] for item in day["events"] if item["kind"] == "calendar"]


def spans(user: User, start: str = "2026-05-04", days: int = 7) -> list[tuple[str, str, str]]:
    return [(item["title"], item["starts_at"], item["ends_at"]) for item in entries(user, start, days)]


def listed(user: User) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = user.get("calendar-feeds/").json()
    return rows


def without_summary(feed: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in feed.items() if key != "import_summary"}


def test_3_3_payload(ann: User, teller: Teller) -> None:
    course_id = teller.course(ann)
    feed = create(ann, course_id=course_id, raw_ical=SEMINAR)
    assert STAMP.fullmatch(feed["date_created"])
    assert STAMP.fullmatch(feed["last_edit"])
    assert STAMP.fullmatch(feed["last_sync"])
    assert without_summary(feed) == {
        "id": feed["id"],
        "title": "Lab timetable",
        "source_kind": "I",
        "source_url": "",
        "is_enabled": True,
        "course_id": course_id,
        "last_sync": feed["last_sync"],
        "last_error": None,
        "entry_count": 1,
        "date_created": feed["date_created"],
        "last_edit": feed["last_edit"],
    }
    assert listed(ann) == [without_summary(feed)]
    assert ann.get(f"calendar-feeds/{feed['id']}/").json() == without_summary(feed)


def test_3_1_list_by_title_then_id_enabled_and_disabled(ann: User, ben: User) -> None:
    twin_a = create(ann, title="Twin")
    first = create(ann, title="A", is_enabled=False)
    twin_b = create(ann, title="Twin")
    create(ben)
    assert [row["id"] for row in listed(ann)] == [first["id"], twin_a["id"], twin_b["id"]]


def test_3_1_anonymous_is_401(ann: User) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("PATCH", "1/"), ("DELETE", "1/"), ("POST", "1/refresh/")):
        assert ann.api.request(method, f"calendar-feeds/{path}").status_code == 401


def test_3_1_feeds_of_others_do_not_exist(ann: User, ben: User) -> None:
    feed = create(ann, raw_ical=SEMINAR)
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "refresh/")):
        for feed_id in (feed["id"], 999_999_999):
            assert ben.request(method, f"calendar-feeds/{feed_id}/{path}", json={}).status_code == 404
    assert listed(ann) == [without_summary(feed)]
    assert entries(ben) == []


def test_3_1_wrong_methods(ann: User) -> None:
    assert ann.request("PUT", "calendar-feeds/", json={}).status_code == 405
    assert ann.request("PUT", "calendar-feeds/1/", json={}).json() == {"detail": 'Method "PUT" not allowed.'}


def test_3_1_delete(ann: User, tables: Tables) -> None:
    text = SEMINAR.replace("Seminar", f"Only {ann.username}").strip()
    feed = create(ann, raw_ical=text)
    assert tables.count("calendar_sources", body=text) == 1
    answer = ann.delete(f"calendar-feeds/{feed['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert listed(ann) == entries(ann) == []
    assert tables.count("calendar_sources", body=text) == 0
    assert ann.delete(f"calendar-feeds/{feed['id']}/").status_code == 404
    told = tables.rows(
        "SELECT subject, envelope -> 'data' AS data FROM planner.outbox WHERE envelope ->> 'subject' = %s",
        f"calendar-feeds/{feed['id']}",
    )
    assert told == [
        {"subject": "planner.feed.deleted", "data": {"revision": 1, "feed_id": feed["id"], "user_id": ann.id}}
    ]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "", messages.BLANK),
        ("title", "   ", messages.BLANK),
        ("title", None, messages.NULL),
        ("title", "x" * 121, messages.too_long(120)),
        ("source_kind", "Q", '"Q" is not a valid choice.'),
        ("source_kind", None, messages.NULL),
        ("source_url", None, messages.NULL),
        ("source_url", "https://campus.example/" + "x" * 2000, messages.too_long(2000)),
        ("raw_ical", None, messages.NULL),
        ("raw_ical", ["x"], messages.NOT_TEXT),
        ("raw_ical", "BEGIN:VCALENDAR\x00", messages.NUL_CHARACTER),
        ("course_id", "x", messages.NOT_INTEGER),
        ("is_enabled", "perhaps", messages.NOT_BOOLEAN),
        ("is_enabled", None, messages.NULL),
        *(("source_url", text, messages.BAD_URL) for text in NO_ADDRESSES),
    ],
)
def test_3_2_bad_fields(eve: User, field: str, value: Any, message: str) -> None:
    before = listed(eve)
    answer = eve.post("calendar-feeds/", {"title": "Lab", field: value})
    assert (answer.status_code, answer.json()) == (400, {field: [message]})
    assert listed(eve) == before


def test_3_2_bad_fields_of_a_change(ann: User) -> None:
    feed = create(ann)
    answer = ann.patch(
        f"calendar-feeds/{feed['id']}/", {"source_url": "ftp://x.example/", "title": "", "raw_ical": None}
    )
    assert answer.status_code == 400
    assert answer.json() == {"title": [messages.BLANK], "source_url": [messages.BAD_URL], "raw_ical": [messages.NULL]}
    assert listed(ann) == [without_summary(feed)]


def test_3_2_title_is_required(eve: User) -> None:
    answer = eve.post("calendar-feeds/", {})
    assert (answer.status_code, answer.json()) == (400, {"title": [messages.REQUIRED]})


def test_3_2_course_must_exist_and_fields_come_first(ann: User) -> None:
    feed = create(ann)
    for course_id in (-3, 0, 899_999_999):
        assert ann.post("calendar-feeds/", {"title": "Lab", "course_id": course_id}).status_code == 404
        assert ann.patch(f"calendar-feeds/{feed['id']}/", {"course_id": course_id}).status_code == 404
    answer = ann.post("calendar-feeds/", {"title": "", "course_id": 899_999_999})
    assert (answer.status_code, answer.json()) == (400, {"title": [messages.BLANK]})


def test_3_2_lenient_input(ann: User, teller: Teller) -> None:
    course_id = teller.course(ann)
    feed = create(ann, title="  Lab ", course_id=str(course_id), is_enabled="off", raw_ical=f"\n  {SEMINAR}  ", x=1)
    assert (feed["title"], feed["course_id"], feed["is_enabled"], feed["entry_count"]) == ("Lab", course_id, False, 1)
    answer = ann.request("POST", "calendar-feeds/", data={"title": "Form", "raw_ical": SEMINAR})
    assert (answer.status_code, answer.json()["entry_count"]) == (201, 1)


@pytest.mark.parametrize("kind", ["S", "I"])
def test_3_2_kind_is_not_checked_against_the_rest(ann: User, kind: str) -> None:
    feed = create(ann, source_kind=kind)
    assert (feed["source_kind"], feed["entry_count"], feed["last_sync"], feed["last_error"]) == (kind, 0, None, None)
    assert feed["import_summary"]["ok"] is False
    assert entries(ann) == []


def test_3_2_change_touches_only_what_was_sent(ann: User, teller: Teller) -> None:
    course_id = teller.course(ann)
    feed = create(ann, course_id=course_id, raw_ical=SEMINAR)
    changed = change(ann, feed, title="Lectures")
    assert changed["last_edit"] > feed["last_edit"]
    assert {**changed, "last_edit": ""} == {**without_summary(feed), "title": "Lectures", "last_edit": ""}
    assert [item["calendar_title"] for item in entries(ann)] == ["Lectures"]
    assert change(ann, feed, course_id=None)["course_id"] is None
    assert entries(ann)[0]["course_id"] is None


def test_3_2_disabled_feeds_yield_nothing_and_come_back_at_once(ann: User) -> None:
    feed = create(ann, raw_ical=SEMINAR)
    assert change(ann, feed, is_enabled=False)["is_enabled"] is False
    assert entries(ann) == []
    assert change(ann, feed, is_enabled=True)["is_enabled"] is True
    assert len(entries(ann)) == 1


@pytest.mark.parametrize(("given", "expected"), [row for row in TABLE if row[0] and "[" not in row[0]])
def test_4_the_normalised_address_is_kept(eve: User, given: str, expected: str) -> None:
    feed = create(eve, source_url=given, raw_ical=SEMINAR)  # the text is what is read: nothing is fetched
    assert feed["source_url"] == expected
    assert change(eve, feed, source_url="")["source_url"] == ""
    assert change(eve, feed, source_url=given)["source_url"] == expected
    eve.delete(f"calendar-feeds/{feed['id']}/")


def test_4_constants_are_of_the_contract() -> None:
    assert (
        f"{ICAL}/lab42%40group.calendar.google.com/public/basic.ics",
        f"{ICAL}/maria.ortiz%40gmail.com/public/basic.ics",
    ) == (LAB, MARIA)
    assert PAGE == "https://calendar.google.com/calendar"


def test_5_1_text_wins_over_address(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(vcalendar(vevent("20260506T080000Z", SUMMARY="Fetched")))
    feed = create(ann, source_kind="S", source_url=url, raw_ical=SEMINAR)
    assert [item["title"] for item in entries(ann)] == ["Seminar"]
    assert page.asked == []
    change(ann, feed, raw_ical="")
    assert [item["title"] for item in entries(ann)] == ["Fetched"]
    change(ann, feed, source_url="")
    assert entries(ann) == []
    change(ann, feed, raw_ical=SEMINAR.replace("Seminar", "Pasted"))
    assert [item["title"] for item in entries(ann)] == ["Pasted"]


def test_5_2_week_item(ann: User, teller: Teller) -> None:
    course_id = teller.course(ann)
    feed = create(ann, course_id=course_id, raw_ical=SEMINAR)
    assert entries(ann) == [
        {
            "title": "Seminar",
            "kind": "calendar",
            "course_id": course_id,
            "source_id": feed["id"],
            "calendar_title": "Lab timetable",
            "starts_at": "2026-05-05T09:30:00+00:00",
            "ends_at": "2026-05-05T10:30:00+00:00",
        }
    ]


def test_6_3_ties_are_plan_then_session_then_calendar(ann: User, teller: Teller) -> None:
    create(ann, raw_ical=vcalendar(vevent("20260506T120000Z"), vevent("20260506T110000Z")))
    ann.post("note-sessions/", {"note_id": teller.note(ann), "started_at": "2026-05-06T12:00:00Z"})
    ann.post("planner-events/", {"title": "Plan", "event_date": "2026-05-06"})
    day = ann.get("activity/week/?start_date=2026-05-06").json()["days"][0]["events"]
    assert [item["kind"] for item in day] == ["calendar", "plan", "note_session", "calendar"]


def test_5_4_placement(ann: User) -> None:
    create(
        ann,
        raw_ical=vcalendar(
            vevent("20260503T235959Z", DTEND="20260504T100000Z", SUMMARY="Before"),
            vevent("20260504T000000Z", SUMMARY="First"),
            vevent("20260510T235959Z", SUMMARY="Last"),
            vevent("20260511T000000Z", SUMMARY="After"),
            vevent("20260505T120000Z", DTEND="20260508T120000Z", SUMMARY="Long"),
        ),
    )
    assert [item["title"] for item in entries(ann)] == ["First", "Long", "Last"]


def test_1_2_the_same_calendar_twice_shows_twice(ann: User) -> None:
    create(ann, raw_ical=SEMINAR)
    create(ann, raw_ical=SEMINAR)
    assert len(entries(ann)) == 2


SIX = "2026-05-06T"
SUBSET = {
    "no DTSTART": ("BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT", []),
    "no DTEND": (vevent("20260506T093000Z", SUMMARY="x"), [("x", "09:30", "10:30")]),
    "no SUMMARY": (vevent("20260506T093000Z"), [("Lab timetable", "09:30", "10:30")]),
    "UTC": (vevent("20260506T093000Z", DTEND="20260506T094500Z", SUMMARY="x"), [("x", "09:30", "09:45")]),
    "minutes": (vevent("20260506T0930", DTEND="20260506T1015Z", SUMMARY="x"), [("x", "09:30", "10:15")]),
    "floating": (vevent("20260506T093000", DTEND="20260506T100000", SUMMARY="x"), [("x", "09:30", "10:00")]),
    "TZID": (
        vevent(";TZID=Europe/Rome:20260506T093000", DTEND=";TZID=Europe/Rome:20260506T103000", SUMMARY="x"),
        [("x", "07:30", "08:30")],
    ),
    "all day": (vevent(";VALUE=DATE:20260506", SUMMARY="x"), [("x", "00:00", "01:00")]),
    "DURATION": (vevent("20260506T093000Z", DURATION="PT1H30M", SUMMARY="x"), [("x", "09:30", "11:00")]),
    "repeated name": (vevent("20260506T093000Z\r\nSUMMARY:y", SUMMARY="x"), [("x", "09:30", "10:30")]),
    "folding": (
        vevent("20260506T093000Z", SUMMARY="A long\r\n  title\r\n\t here"),
        [("A long title here", "09:30", "10:30")],
    ),
    "escapes": (vevent("20260506T093000Z", SUMMARY=r"a\, b\; c\\d\nE"), [("a, b; c\\d\nE", "09:30", "10:30")]),
    "cancelled": (vevent("20260506T093000Z", STATUS="CANCELLED"), []),
    "alarm": (
        vevent("20260506T093000Z", SUMMARY="x\r\nBEGIN:VALARM\r\nSUMMARY:Wake\r\nDTSTART:1\r\nEND:VALARM"),
        [("x", "09:30", "10:30")],
    ),
    "bad DTSTART": (
        vevent("20261350T093000Z") + "\r\n" + vevent("20260506T093000Z", SUMMARY="x"),
        [("x", "09:30", "10:30")],
    ),
    "bad DTEND": (
        vevent("20260506T080000Z", DTEND="soon") + "\r\n" + vevent("20260506T093000Z", SUMMARY="x"),
        [("x", "09:30", "10:30")],
    ),
    "missing END": ("BEGIN:VEVENT\r\nDTSTART:20260506T080000Z\r\n" + vevent("20260506T093000Z"), 1),
    "never ended": (vevent("20260506T093000Z") + "\r\nBEGIN:VEVENT\r\nDTSTART:20260506T080000Z", 1),
    "lower case": ("begin:vevent\r\nDTSTART:20260506T080000Z\r\nend:vevent\r\n" + vevent("20260506T093000Z"), 1),
    "dedupe": (
        "\r\n".join(vevent("20260506T093000Z", UID="u", SUMMARY=text) for text in "ab"),
        [("b", "09:30", "10:30")],
    ),
    "sequence": (
        vevent("20260506T093000Z", UID="u", SUMMARY="new", SEQUENCE="2")
        + "\r\n"
        + vevent("20260506T093000Z", UID="u", SUMMARY="old", SEQUENCE="1"),
        [("new", "09:30", "10:30")],
    ),
    "no UID": ("\r\n".join(vevent("20260506T093000Z", SUMMARY="x") for _ in "ab"), [("x", "09:30", "10:30")] * 2),
}


@pytest.mark.parametrize("name", SUBSET)
def test_5_3_subset(eve: User, name: str) -> None:
    part, expected = SUBSET[name]
    feed = create(eve, raw_ical=vcalendar(part))
    shown = [item for item in entries(eve) if item["source_id"] == feed["id"]]
    found = [(item["title"], item["starts_at"], item["ends_at"]) for item in shown]
    eve.delete(f"calendar-feeds/{feed['id']}/")
    if isinstance(expected, int):
        assert len(found) == expected
    else:
        assert found == [(title, f"{SIX}{start}:00+00:00", f"{SIX}{end}:00+00:00") for title, start, end in expected]


def test_5_3_all_day_with_its_exclusive_end(ann: User) -> None:
    create(ann, raw_ical=vcalendar(vevent(";VALUE=DATE:20260506", DTEND=";VALUE=DATE:20260508", SUMMARY="Trip")))
    assert spans(ann) == [("Trip", "2026-05-06T00:00:00+00:00", "2026-05-08T00:00:00+00:00")]


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n"])
def test_5_3_line_ends_indents_and_no_frame(ann: User, ending: str) -> None:
    lines = ["  BEGIN:VEVENT", "    DTSTART:20260506T093000Z", "    SUMMARY:Pasted", "  END:VEVENT"]
    create(ann, raw_ical=ending.join(lines))
    create(ann, raw_ical=ending.join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]))
    assert [title for title, _, _ in spans(ann)] == ["Pasted", "Pasted"]


def test_12_4_summary_of_an_import(ann: User) -> None:
    text = vcalendar(
        vevent("20260507T080000Z", SUMMARY="Second"),
        vevent("20260506T080000Z", SUMMARY="First"),
        vevent("20260508T080000Z"),
        vevent("20260501T080000Z", UID="s", RRULE="FREQ=WEEKLY;COUNT=2", SUMMARY="Series"),
        vevent("x", SUMMARY="Broken"),
    )
    feed = create(ann, raw_ical=text)
    assert feed["entry_count"] == 4
    assert feed["import_summary"] == {
        "ok": True,
        "count": 4,
        "events": [
            {"title": "Series", "starts_at": "2026-05-01T08:00:00+00:00"},
            {"title": "First", "starts_at": "2026-05-06T08:00:00+00:00"},
            {"title": "Second", "starts_at": "2026-05-07T08:00:00+00:00"},
            {"title": "Lab timetable", "starts_at": "2026-05-08T08:00:00+00:00"},
            {"title": "Series", "starts_at": "2026-05-08T08:00:00+00:00"},
        ],
        "error": "",
    }


@pytest.mark.parametrize("text", ["", "hello", vcalendar(), vcalendar("BEGIN:VTODO", "SUMMARY:x", "END:VTODO")])
def test_12_4_nothing_to_read(eve: User, text: str) -> None:
    summary = create(eve, raw_ical=text)["import_summary"]
    assert (summary["ok"], summary["count"], summary["events"]) == (False, 0, [])
    assert summary["error"]


def test_5_3_a_hostile_calendar_costs_its_budget_and_nothing_else(ann: User, ben: User) -> None:
    hours, minutes = ",".join(map(str, range(24))), ",".join(map(str, range(60)))
    bomb = vevent("19700101T000000Z", UID="u", RRULE=f"FREQ=DAILY;BYHOUR={hours};BYMINUTE={minutes};BYSECOND={minutes}")
    feed = create(ann, raw_ical=vcalendar(bomb))
    assert feed["last_error"] == feed["import_summary"]["error"] == "Reading it takes longer than 2 s."
    create(ben, raw_ical=SEMINAR)
    assert len(entries(ben)) == 1
    assert entries(ann) == []


def test_5_3_too_many_entries(ann: User) -> None:
    many = "".join(f"BEGIN:VEVENT\nDTSTART:20260506T080000Z\nUID:{n}\nEND:VEVENT\n" for n in range(20_001))
    feed = create(ann, raw_ical=many)
    assert (feed["last_error"], feed["entry_count"]) == ("The calendar has more than 20,000 entries.", 0)


@pytest.mark.parametrize("freq", ["SECONDLY", "MINUTELY", "HOURLY"])
def test_5_3_sub_daily_rules_count_once(ann: User, freq: str) -> None:
    create(ann, raw_ical=vcalendar(vevent("20260506T080000Z", UID="u", RRULE=f"FREQ={freq}", SUMMARY="x")))
    assert spans(ann) == [("x", f"{SIX}08:00:00+00:00", f"{SIX}09:00:00+00:00")]


def test_5_3_series_in_years_far_away(ann: User, tables: Tables) -> None:
    create(ann, raw_ical=vcalendar(vevent(";TZID=Europe/Rome:19990105T090000", UID=ann.username, RRULE="FREQ=WEEKLY")))
    for start, first in (
        ("1999-01-04", "1999-01-05T08"),
        ("2026-07-06", "2026-07-07T07"),
        ("9999-12-27", "9999-12-28T08"),
    ):
        assert [item["starts_at"][:13] for item in entries(ann, start)] == [first], start
    assert [item["starts_at"][:10] for item in entries(ann, "2030-12-29")] == ["2030-12-31"]
    assert [item["starts_at"][:10] for item in entries(ann, "2030-12-30", 30)][:2] == ["2030-12-31", "2031-01-07"]
    for year in range(2040, 2060):
        assert len(entries(ann, f"{year}-06-01")) == 1
    kept = tables.rows(
        "SELECT count(*) AS n FROM planner.calendar_years y JOIN planner.calendar_feeds f ON f.source_id = y.source_id "
        "WHERE f.user_id = %s",
        ann.id,
    )
    assert kept[0]["n"] <= 12
