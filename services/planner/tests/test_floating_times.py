"""Times of calendars that name no zone stand in the person's own (decision 57)."""

from __future__ import annotations

import pytest
from services.planner.tests.calls import create_feed, entries, subscribe
from services.planner.tests.feed_server import FeedServer, vcalendar, vevent
from services.planner.tests.support import Tables
from tests.support.client import User, eventually

CHOIR = vevent("20260506T190000", SUMMARY="Choir", RRULE="FREQ=WEEKLY;COUNT=60", DTEND="20260506T203000")


def move_to(user: User, zone: str, tables: Tables) -> None:
    """Set the zone, and wait until planner knows it."""
    assert user.patch("settings/", {"timezone": zone}).json()["timezone"] == zone
    kept = "SELECT 1 FROM planner.account_states WHERE user_id = %s AND timezone = %s"
    eventually(lambda: tables.rows(kept, user.id, zone))


@pytest.mark.contract("decision 57", "planner §5.3")
def test_floating_times_follow_the_person(ann: User, feeds: FeedServer, tables: Tables) -> None:
    url, _ = feeds.page(
        vcalendar(
            CHOIR,
            vevent("20260505T120000Z", SUMMARY="Call"),
            vevent(";VALUE=DATE:20260507", SUMMARY="Holiday"),
            vevent("20260504T010000", SUMMARY="Early"),
        )
    )
    subscribe(ann, url)

    def seen(start: str = "2026-05-04") -> list[tuple[str, str]]:
        return [(entry["title"], entry["starts_at"][:16]) for entry in entries(ann, start)]

    fixed = [("Call", "2026-05-05T12:00"), ("Holiday", "2026-05-07T00:00")]
    assert set(seen()) == {("Early", "2026-05-04T01:00"), ("Choir", "2026-05-06T19:00"), *fixed}
    move_to(ann, "Europe/Rome", tables)
    assert seen() == [fixed[0], ("Choir", "2026-05-06T17:00"), fixed[1]]  # Early is on Sunday evening, UTC
    assert seen("2026-05-03")[0] == ("Early", "2026-05-03T23:00")
    assert entries(ann)[1]["ends_at"] == "2026-05-06T18:30:00+00:00"
    assert seen("2026-11-09") == [("Choir", "2026-11-11T18:00")]  # winter time
    move_to(ann, "Pacific/Auckland", tables)
    assert seen()[1] == ("Choir", "2026-05-06T07:00")
    move_to(ann, "America/St_Johns", tables)
    assert ("Choir", "2026-05-06T21:30") in seen()
    move_to(ann, "", tables)
    assert ("Choir", "2026-05-06T19:00") in seen()


@pytest.mark.contract("decision 57")
def test_a_calendar_with_a_zone_does_not_follow(ann: User, tables: Tables) -> None:
    move_to(ann, "Asia/Tokyo", tables)
    create_feed(ann, raw_ical=vcalendar("X-WR-TIMEZONE:Europe/Rome", CHOIR))
    create_feed(ann, raw_ical=vcalendar("X-WR-TIMEZONE:UTC", CHOIR.replace("Choir", "Band")))
    assert {entry["title"]: entry["starts_at"][11:16] for entry in entries(ann)} == {"Choir": "17:00", "Band": "19:00"}


@pytest.mark.contract("decision 57", "planner §12.4")
def test_previews_and_summaries_are_in_the_persons_zone(ann: User, feeds: FeedServer, tables: Tables) -> None:
    move_to(ann, "Asia/Tokyo", tables)
    url, _ = feeds.page(vcalendar(vevent("20260506T190000", SUMMARY="Choir")))
    previewed = ann.post("calendar-feeds/preview/", {"source_url": url}).json()["events"]
    assert [(event["starts_at"], event["ends_at"]) for event in previewed] == [
        ("2026-05-06T10:00:00+00:00", "2026-05-06T11:00:00+00:00")
    ]
    assert subscribe(ann, url)["import_summary"]["events"][0]["starts_at"] == "2026-05-06T10:00:00+00:00"


@pytest.mark.contract("decision 57")
def test_an_entry_at_the_turn_of_a_year_far_away(ann: User, tables: Tables) -> None:
    move_to(ann, "America/Los_Angeles", tables)
    create_feed(ann, raw_ical=vcalendar(vevent("20200101T200000", SUMMARY="Stars", RRULE="FREQ=DAILY")))
    seen = [entry["starts_at"] for entry in entries(ann, "2045-01-01")]
    assert seen[0] == "2045-01-01T04:00:00+00:00"
    assert len(seen) == 7


@pytest.mark.contract("decision 57", "identity §11.1")
@pytest.mark.parametrize(
    "zone", ["Europe", "Rome", "europe/rome", "../etc/passwd", "UTC+2", "x" * 65, "Europe/Rome\x00", 5, None]
)
def test_other_names_are_refused(ann: User, zone: object) -> None:
    answer = ann.patch("settings/", {"timezone": zone})
    assert (answer.status_code, list(answer.json())) == (400, ["timezone"])
    assert ann.get("settings/").json()["timezone"] == ""
