"""The feed resource through the gateway (planner §1.2, §3, §4, §5.1)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from services.planner.tests.calls import change_feed, create_feed, entries, feeds_of, without_summary
from services.planner.tests.feed_server import SEMINAR, FeedServer, of_one, vcalendar, vevent
from services.planner.tests.support import Publisher, Tables
from services.planner.tests.test_feed_urls import NO_ADDRESSES, TABLE
from tests.support.client import User

from notechondria_contracts.fields import validation_messages
from planner_service.calendar_sources.addresses import without_credentials

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


@pytest.mark.contract("planner §3.3", "planner §0", "planner §1.2", "planner §3.1", "planner §3.2")
def test_a_feed_has_every_key(ann: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    feed = create_feed(ann, course_id=course_id, raw_ical=SEMINAR)
    assert STAMP.fullmatch(feed["date_created"])
    assert STAMP.fullmatch(feed["last_edit"])
    assert STAMP.fullmatch(feed["last_sync"])
    assert without_summary(feed) == {
        "id": feed["id"],
        "title": "Lab timetable",
        "source_kind": "I",
        "source_url": "",
        "has_credentials": False,
        "is_enabled": True,
        "course_id": course_id,
        "last_sync": feed["last_sync"],
        "last_error": None,
        "entry_count": 1,
        "date_created": feed["date_created"],
        "last_edit": feed["last_edit"],
        "skipped": {"count": 0, "reason": None},
        "health": {
            "ok": True,
            "failing_since": None,
            "last_success": feed["last_sync"],
            "entries": 1,
            "skipped": 0,
            "next_read": None,
        },
    }
    assert feeds_of(ann) == [without_summary(feed)]
    assert ann.get(f"calendar-feeds/{feed['id']}/").json() == without_summary(feed)


@pytest.mark.contract("planner §3.1", "planner §1.2")
def test_list_by_title_then_id_enabled_and_disabled(ann: User, ben: User) -> None:
    twin_a = create_feed(ann, title="Twin")
    first = create_feed(ann, title="A", is_enabled=False)
    twin_b = create_feed(ann, title="Twin")
    create_feed(ben)
    assert [row["id"] for row in feeds_of(ann)] == [first["id"], twin_a["id"], twin_b["id"]]


@pytest.mark.contract("planner §3.1")
def test_feeds_need_login(ann: User) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("PATCH", "1/"), ("DELETE", "1/"), ("POST", "1/refresh/")):
        assert ann.api.request(method, f"calendar-feeds/{path}").status_code == 401


@pytest.mark.contract("planner §3.1", "planner §0", "planner §1.2", "planner §6.3")
def test_feeds_of_others_do_not_exist(ann: User, ben: User) -> None:
    feed = create_feed(ann, raw_ical=SEMINAR)
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "refresh/")):
        for feed_id in (feed["id"], 999_999_999):
            assert ben.request(method, f"calendar-feeds/{feed_id}/{path}", json={}).status_code == 404
    assert feeds_of(ann) == [without_summary(feed)]
    assert entries(ben) == []


@pytest.mark.contract("planner §3.1")
def test_wrong_methods_on_feeds_are_405(ann: User) -> None:
    assert ann.request("PUT", "calendar-feeds/", json={}).status_code == 405
    assert ann.request("PUT", "calendar-feeds/1/", json={}).json() == {"detail": 'Method "PUT" not allowed.'}


@pytest.mark.contract("planner §3.1", "planner §0")
def test_a_deleted_feed_takes_its_text_along(ann: User, tables: Tables) -> None:
    text = SEMINAR.replace("Seminar", f"Only {ann.username}").strip()
    feed = create_feed(ann, raw_ical=text)
    assert tables.count("calendar_sources", body=text) == 1
    answer = ann.delete(f"calendar-feeds/{feed['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert feeds_of(ann) == entries(ann) == []
    assert tables.count("calendar_sources", body=text) == 0
    assert ann.delete(f"calendar-feeds/{feed['id']}/").status_code == 404
    published = tables.events_of(f"calendar-feeds/{feed['id']}")
    assert published == [
        {"subject": "planner.feed.deleted", "data": {"revision": 1, "feed_id": feed["id"], "user_id": ann.id}}
    ]


@pytest.mark.contract("planner §3.2", "planner §0", "planner §1.2", "planner §5.2")
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "", validation_messages.BLANK),
        ("title", "   ", validation_messages.BLANK),
        ("title", None, validation_messages.NULL),
        ("title", "x" * 121, validation_messages.too_long(120)),
        ("source_kind", "Q", '"Q" is not a valid choice.'),
        ("source_kind", None, validation_messages.NULL),
        ("source_url", None, validation_messages.NULL),
        ("source_url", "https://campus.example/" + "x" * 2000, validation_messages.too_long(2000)),
        ("raw_ical", None, validation_messages.NULL),
        ("raw_ical", ["x"], validation_messages.NOT_TEXT),
        ("raw_ical", "BEGIN:VCALENDAR\x00", validation_messages.NUL_CHARACTER),
        ("course_id", "x", validation_messages.NOT_INTEGER),
        ("is_enabled", "perhaps", validation_messages.NOT_BOOLEAN),
        ("is_enabled", None, validation_messages.NULL),
        *(("source_url", text, validation_messages.BAD_URL) for text in NO_ADDRESSES),
    ],
)
def test_a_bad_feed_names_the_failing_field(eve: User, field: str, value: Any, message: str) -> None:
    before = feeds_of(eve)
    answer = eve.post("calendar-feeds/", {"title": "Lab", field: value})
    assert (answer.status_code, answer.json()) == (400, {field: [message]})
    assert feeds_of(eve) == before


@pytest.mark.contract("planner §3.2", "planner §0")
def test_bad_fields_of_a_change(ann: User) -> None:
    feed = create_feed(ann)
    answer = ann.patch(
        f"calendar-feeds/{feed['id']}/", {"source_url": "ftp://x.example/", "title": "", "raw_ical": None}
    )
    assert answer.status_code == 400
    assert answer.json() == {
        "title": [validation_messages.BLANK],
        "source_url": [validation_messages.BAD_URL],
        "raw_ical": [validation_messages.NULL],
    }
    assert feeds_of(ann) == [without_summary(feed)]


@pytest.mark.contract("planner §3.2", "planner §1.2", "planner §11")
def test_the_longest_values_of_a_feed_are_kept(ann: User) -> None:
    url = "https://campus.example/".ljust(2000, "x")
    feed = create_feed(ann, title="t" * 120, source_url=url, raw_ical=SEMINAR)
    assert (feed["title"], feed["source_url"]) == ("t" * 120, url)
    changed = change_feed(ann, feed, source_url=url[:-1] + "y")
    assert changed["source_url"] == url[:-1] + "y"


@pytest.mark.contract("planner §3.2", "planner §3.1", "planner §3.3")
def test_the_bodies_of_the_app_work(ann: User, publisher: Publisher, feeds: FeedServer) -> None:
    course_id = publisher.course(ann)
    imported = create_feed(ann, title="A", source_kind="I", raw_ical=SEMINAR, course_id=None)
    url, _ = feeds.page(of_one("Subscribed"))
    subscribed = create_feed(ann, title="B", source_kind="S", source_url=url, course_id=course_id)
    assert (subscribed["source_kind"], subscribed["source_url"], subscribed["course_id"]) == ("S", url, course_id)
    assert [(item["title"], item["course_id"]) for item in entries(ann)] == [
        ("Seminar", None),
        ("Subscribed", course_id),
    ]
    assert change_feed(ann, imported, is_enabled=False)["is_enabled"] is False
    assert [item["calendar_title"] for item in entries(ann)] == ["B"]
    assert [row["is_enabled"] for row in feeds_of(ann)] == [False, True]


@pytest.mark.contract("planner §3.2")
def test_webcal_is_kept_as_https(ann: User) -> None:
    feed = create_feed(ann, source_url="webcal://campus.example/t.ics", raw_ical=SEMINAR)
    assert feed["source_url"] == "https://campus.example/t.ics"
    assert change_feed(ann, feed, source_url="WEBCAL://campus.example/u.ics")["source_url"] == (
        "https://campus.example/u.ics"
    )


@pytest.mark.contract("planner §3.2", "planner §0")
def test_a_feed_needs_a_title(eve: User) -> None:
    answer = eve.post("calendar-feeds/", {})
    assert (answer.status_code, answer.json()) == (400, {"title": [validation_messages.REQUIRED]})


@pytest.mark.contract("planner §3.2", "planner §10")
def test_course_must_exist_and_fields_come_first(ann: User) -> None:
    feed = create_feed(ann)
    for course_id in (-3, 0, 899_999_999):
        assert ann.post("calendar-feeds/", {"title": "Lab", "course_id": course_id}).status_code == 404
        assert ann.patch(f"calendar-feeds/{feed['id']}/", {"course_id": course_id}).status_code == 404
    answer = ann.post("calendar-feeds/", {"title": "", "course_id": 899_999_999})
    assert (answer.status_code, answer.json()) == (400, {"title": [validation_messages.BLANK]})


@pytest.mark.contract("planner §3.2", "planner §0")
def test_a_feed_is_read_leniently(ann: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    feed = create_feed(
        ann, title="  Lab ", course_id=str(course_id), is_enabled="off", raw_ical=f"\n  {SEMINAR}  ", x=1
    )
    assert (feed["title"], feed["course_id"], feed["is_enabled"], feed["entry_count"]) == ("Lab", course_id, False, 1)
    answer = ann.request("POST", "calendar-feeds/", data={"title": "Form", "raw_ical": SEMINAR})
    assert (answer.status_code, answer.json()["entry_count"]) == (201, 1)


@pytest.mark.contract("planner §3.2", "planner §1.2", "planner §3.3", "planner §5.1")
@pytest.mark.parametrize("kind", ["S", "I"])
def test_kind_is_not_checked_against_the_rest(ann: User, kind: str) -> None:
    feed = create_feed(ann, source_kind=kind)
    assert (feed["source_kind"], feed["entry_count"], feed["last_sync"], feed["last_error"]) == (kind, 0, None, None)
    assert feed["import_summary"]["ok"] is False
    assert entries(ann) == []


@pytest.mark.contract("planner §3.2", "planner §3.1", "planner §3.3")
def test_change_touches_only_what_was_sent(ann: User, publisher: Publisher) -> None:
    course_id = publisher.course(ann)
    feed = create_feed(ann, course_id=course_id, raw_ical=SEMINAR)
    changed = change_feed(ann, feed, title="Lectures")
    assert changed["last_edit"] > feed["last_edit"]
    assert {**changed, "last_edit": ""} == {**without_summary(feed), "title": "Lectures", "last_edit": ""}
    assert [item["calendar_title"] for item in entries(ann)] == ["Lectures"]
    assert change_feed(ann, feed, course_id=None)["course_id"] is None
    assert entries(ann)[0]["course_id"] is None


@pytest.mark.contract("planner §3.2", "planner §1.2", "planner §6.3")
def test_disabled_feeds_yield_nothing_and_come_back_at_once(ann: User) -> None:
    feed = create_feed(ann, raw_ical=SEMINAR)
    assert change_feed(ann, feed, is_enabled=False)["is_enabled"] is False
    assert entries(ann) == []
    assert change_feed(ann, feed, is_enabled=True)["is_enabled"] is True
    assert len(entries(ann)) == 1


@pytest.mark.contract("planner §4", "planner §3.2")
@pytest.mark.parametrize(("given", "expected"), [row for row in TABLE if row[0] and "[" not in row[0]])
def test_the_normalised_address_is_kept(eve: User, given: str, expected: str) -> None:
    expected, _ = without_credentials(expected)
    feed = create_feed(eve, source_url=given, raw_ical=SEMINAR)  # the text is what is read: nothing is fetched
    assert feed["source_url"] == expected
    assert change_feed(eve, feed, source_url="")["source_url"] == ""
    assert change_feed(eve, feed, source_url=given)["source_url"] == expected
    eve.delete(f"calendar-feeds/{feed['id']}/")


@pytest.mark.contract("planner §5.1", "planner §1.2")
def test_text_wins_over_address(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(vcalendar(vevent("20260506T080000Z", SUMMARY="Fetched")))
    feed = create_feed(ann, source_kind="S", source_url=url, raw_ical=SEMINAR)
    assert [item["title"] for item in entries(ann)] == ["Seminar"]
    assert page.asked == []
    change_feed(ann, feed, raw_ical="")
    assert [item["title"] for item in entries(ann)] == ["Fetched"]
    change_feed(ann, feed, source_url="")
    assert entries(ann) == []
    change_feed(ann, feed, raw_ical=SEMINAR.replace("Seminar", "Pasted"))
    assert [item["title"] for item in entries(ann)] == ["Pasted"]


@pytest.mark.contract("planner §1.2")
def test_the_same_calendar_twice_shows_twice(ann: User) -> None:
    create_feed(ann, raw_ical=SEMINAR)
    create_feed(ann, raw_ical=SEMINAR)
    assert len(entries(ann)) == 2
