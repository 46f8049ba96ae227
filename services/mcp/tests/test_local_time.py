"""Times for newer clients are those of the person's zone (decision 57, decision 60), and events page by date."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from mcp import Client
from services.mcp.tests.test_newer_clients import plain_of
from tests.support.client import Api, eventually
from tests.support.mcp import NewerAgent, with_sdk

ZONE = "Pacific/Auckland"


@pytest.fixture(scope="module")
def far(api: Api) -> NewerAgent:
    """A person whose day is not that of UTC."""
    agent = NewerAgent(api, api.register())
    assert agent.user.patch("settings/", {"timezone": ZONE, "app_settings": {"locale": "en-NZ"}}).status_code == 200
    return agent


@pytest.mark.contract("decision 60", "mcp §5.1")
def test_the_profile_has_zone_and_time(far: NewerAgent, newer: NewerAgent) -> None:
    profile = far("get_profile")
    assert (profile["timezone"], profile["locale"]) == (ZONE, "en-NZ")
    at = datetime.fromisoformat(profile["now"])
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert at.utcoffset() == datetime.now(ZoneInfo(ZONE)).utcoffset()
    assert (newer("get_profile")["timezone"], newer("get_profile")["locale"]) == ("UTC", "")
    assert not {"timezone", "locale", "now"} & plain_of(far)("get_profile").keys()


@pytest.mark.contract("decision 60", "mcp §5.5")
def test_events_are_in_the_persons_time(far: NewerAgent) -> None:
    made = far("create_event", title="Class", event_date="2031-01-15", starts_at="2031-01-15T14:00")
    assert (made["starts_at"], made["ends_at"]) == ("2031-01-15T14:00:00+13:00", "2031-01-15T15:00:00+13:00")
    stored = far.user.get(f"planner-events/{made['id']}/").json()
    assert stored["starts_at"] == "2031-01-15T01:00:00+00:00"
    moved = far("update_event", event_id=made["id"], starts_at="2031-07-15 09:30:00", ends_at="2031-07-15T10:00:00Z")
    assert (moved["starts_at"], moved["ends_at"]) == ("2031-07-15T09:30:00+12:00", "2031-07-15T22:00:00+12:00")
    assert far("update_event", event_id=made["id"], ends_at=None)["starts_at"] == moved["starts_at"]
    plain = plain_of(far)
    contract = plain("update_event", event_id=made["id"], starts_at="2031-01-15T14:00:00")
    assert contract["starts_at"] == "2031-01-15T14:00:00+00:00"  # as the contract has it
    listed = far("list_events", from_date="2031-01-16", to_date="2031-01-16")
    assert listed["timezone"] == ZONE
    assert [event["starts_at"] for event in listed["events"]] == ["2031-01-16T03:00:00+13:00"]
    week = far("get_activity_week", start_date="2031-01-15", days=3)
    assert week["timezone"] == ZONE
    (item,) = [item for day in week["days"] for item in day["events"]]
    assert item["starts_at"] == "2031-01-16T03:00:00+13:00"
    today = datetime.now(ZoneInfo(ZONE)).date()
    assert far("get_activity_week")["start_date"] in {str(today), str(today - timedelta(days=1))}
    assert "starts_at" in far.fails("update_event", event_id=made["id"], starts_at="14:00")


@pytest.mark.contract("decision 60")
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland", "Europe/Vienna"])
def test_days_are_those_of_the_person(api: Api, zone: str) -> None:
    agent = NewerAgent(api, api.register())
    agent.user.patch("settings/", {"timezone": zone})
    early = agent("create_event", title="Early", event_date="2031-03-18", starts_at="2031-03-18T00:30")
    late = agent("create_event", title="Late", event_date="2031-03-18", starts_at="2031-03-18T22:15")
    dated = agent("create_event", title="Dated", event_date="2031-03-18")
    for event in (early, late, dated):
        assert event["event_date"] == "2031-03-18"
        assert event["starts_at"].startswith("2031-03-18T")
    listed = agent("list_events", from_date="2031-03-18", to_date="2031-03-18")
    assert {event["title"] for event in listed["events"]} == {"Early", "Late", "Dated"}
    assert listed["total"] == 3
    for day in ("2031-03-17", "2031-03-19"):
        assert agent("list_events", from_date=day, to_date=day)["events"] == []
    week = agent("get_activity_week", start_date="2031-03-17", days=3)
    assert [day["date"] for day in week["days"]] == ["2031-03-17", "2031-03-18", "2031-03-19"]
    assert [len(day["events"]) for day in week["days"]] == [0, 3, 0]
    assert [item["occurrence_date"] for item in week["days"][1]["events"]] == ["2031-03-18"] * 3
    assert agent("get_activity_week", start_date="2031-03-18", days=3)["days"][0]["events"]
    for event in (early, late, dated):
        moved = agent("update_event", event_id=event["id"], event_date="2031-03-20")
        assert (moved["event_date"], moved["starts_at"][:10]) == ("2031-03-20", "2031-03-20")
        assert moved["starts_at"][11:] == event["starts_at"][11:]
    agent("update_event", event_id=late["id"], is_completed=True)
    done = [row["title"] for row in agent("get_activity_week", start_date="2031-03-20", days=3)["deadlines"]]
    assert "Late" in done
    done = [row["title"] for row in agent("get_activity_week", start_date="2031-03-21", days=3)["deadlines"]]
    assert "Late" not in done
    for day in ("0001-01-01", "9999-12-31", "9999-12-25"):
        assert len(agent("get_activity_week", start_date=day)["days"]) <= 7


def test_whole_days_of_calendars_stay_on_their_day(api: Api) -> None:
    agent = NewerAgent(api, api.register())
    agent.user.patch("settings/", {"timezone": "America/Los_Angeles"})
    entry = "BEGIN:VEVENT\nUID:1\nDTSTAMP:20310101T000000Z\nSUMMARY:Holiday\nDTSTART;VALUE=DATE:20310318\nEND:VEVENT"
    ical = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t\n{entry.replace('END:VEVENT', 'DTEND;VALUE=DATE:20310319')}"
    ical += "\nEND:VEVENT\nEND:VCALENDAR"
    agent("create_calendar_feed", title="Days off", raw_ical=ical)

    def days() -> list[list[str]]:
        week = agent("get_activity_week", start_date="2031-03-17", days=3)
        return [[item["title"] for item in day["events"]] for day in week["days"]]

    eventually(lambda: days() == [[], ["Holiday"], []], what="the entry on its day")


@pytest.mark.contract("decision 60", "planner §2.1")
def test_events_page_and_narrow_by_date(newer: NewerAgent) -> None:
    for day in range(1, 6):
        newer("create_event", title=f"Day {day}", event_date=f"2033-03-0{day}")
    weekly = newer("create_event", title="Weekly", event_date="2033-02-01", recurrence_freq="W")["id"]
    ended = {"recurrence_freq": "W", "recurrence_end_date": "2033-02-20"}
    newer("create_event", title="Ended", event_date="2033-02-01", **ended)
    page = newer("list_events", from_date="2033-03-02", to_date="2033-03-04", limit=2, offset=1)
    assert (page["total"], page["limit"], page["offset"]) == (4, 2, 1)
    assert [event["title"] for event in page["events"]] == ["Day 2", "Day 3"]
    everything = newer("list_events", from_date="2033-03-02", to_date="2033-03-04")["events"]
    assert next(event["id"] for event in everything) == weekly
    assert "from_date: 'soon' is no date" in newer.fails("list_events", from_date="soon")
    rest = newer.user.get("planner-events/", params={"since": "2033-03-05", "until": "2033-03-31"}).json()
    assert [event["title"] for event in rest] == ["Weekly", "Day 5"]
    for query in ({"since": "x"}, {"until": "2033-13-01"}):
        assert newer.user.get("planner-events/", params=query).status_code == 400


@pytest.mark.parametrize("name", ["weekly_review", "plan_week"])
def test_prompts_say_what_day_it_is(api: Api, far: NewerAgent, name: str) -> None:
    async def talk(client: Client) -> str:
        prompt = await client.get_prompt(name, {})
        return str(getattr(prompt.messages[0].content, "text", ""))

    text = with_sdk(api.url("/mcp"), far.key, talk)
    assert f"in my time zone ({ZONE})" in text
    assert str(datetime.now(ZoneInfo(ZONE)).date()) in text


def test_resources_are_by_the_persons_days(api: Api, far: NewerAgent) -> None:
    far("create_event", title="Breakfast", event_date="2031-05-20", starts_at="2031-05-20T08:00")

    async def talk(client: Client) -> tuple[str, str]:
        listed = await client.list_resources()
        read = await client.read_resource("notechondria://week/2031-05-19")
        return str(listed.resources[0].uri), str(getattr(read.contents[0], "text", ""))

    uri, text = with_sdk(api.url("/mcp"), far.key, talk)
    today = datetime.now(ZoneInfo(ZONE)).date()
    assert uri == f"notechondria://week/{today - timedelta(days=today.weekday())}"
    days = {day["date"]: [item["title"] for item in day["events"]] for day in json.loads(text)["days"]}
    assert days["2031-05-20"] == ["Breakfast"]
    assert len(days) == 7


@pytest.mark.contract("decision 60", "mcp §5.5")
@pytest.mark.parametrize("written", ["2031-06-01T9:00", "2031-6-1 9:00", "2031-06-01 9:0:0", "2031-06-01T09"])
def test_all_ways_to_write_a_time_are_in_the_persons_zone(far: NewerAgent, written: str) -> None:
    made = far("create_event", title="Odd", event_date="2031-6-1", starts_at=written)
    assert made["starts_at"] == "2031-06-01T09:00:00+12:00"


@pytest.mark.contract("decision 60", "mcp §5.5")
@pytest.mark.parametrize(
    ("start", "end", "day", "after"),
    [
        ("2031-03-20T09:00", "2031-03-20T10:30", "2031-04-20", ("2031-04-20T09:00", "2031-04-20T10:30", "+12:00")),
        ("2031-07-01T14:00", "2031-07-01T15:00", "2031-1-15", ("2031-01-15T14:00", "2031-01-15T15:00", "+13:00")),
        ("2031-03-20T22:00", "2031-03-21T02:00", "2031-07-01", ("2031-07-01T22:00", "2031-07-02T02:00", "+12:00")),
    ],
)
def test_a_moved_event_keeps_its_time_of_day_when_the_clock_changes(
    far: NewerAgent, start: str, end: str, day: str, after: tuple[str, str, str]
) -> None:
    event = far("create_event", title="Class", event_date="2031-03-20", starts_at=start, ends_at=end)["id"]
    moved = far("update_event", event_id=event, event_date=day)
    begins, ends, offset = after
    assert (moved["starts_at"], moved["ends_at"]) == (f"{begins}:00{offset}", f"{ends}:00{offset}")
    assert moved["event_date"] == begins[:10]


@pytest.mark.contract("decision 60")
def test_days_are_read_as_rest_reads_them(far: NewerAgent) -> None:
    made = far("create_event", title="Short", event_date="2034-2-3")
    assert [row["id"] for row in far("list_events", from_date="2034-2-3", to_date="2034-2-3")["events"]] == [made["id"]]
    assert far("get_activity_week", start_date="2034-2-1")["start_date"] == "2034-02-01"
    assert "write YYYY-MM-DD" in far.fails("list_events", from_date="2034-2-30")
