"""The planner's endpoints as its tests call them: each fails the test when the answer is not the expected status."""

from __future__ import annotations

from typing import Any

import httpx
from tests.support.client import Api, User


def plan(user: User, event_date: object, **fields: Any) -> dict[str, Any]:
    """A new planner event."""
    answer = user.post("planner-events/", {"title": "Plan", "event_date": str(event_date), **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def change_event(user: User, event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The event after a PATCH."""
    answer = user.patch(f"planner-events/{event['id']}/", fields)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def begin_session(user: User, note_id: int, **fields: Any) -> dict[str, Any]:
    """A new work session."""
    answer = user.post("note-sessions/", {"note_id": note_id, **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def week(user: User, query: str = "") -> dict[str, Any]:
    """The activity week."""
    answer = user.get(f"activity/week/{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def grid(user: User, query: str = "") -> dict[str, list[dict[str, Any]]]:
    """The items of a week by day."""
    return {day["date"]: day["events"] for day in week(user, query)["days"]}


def entries(user: User, start: str = "2026-05-04", days: int = 7) -> list[dict[str, Any]]:
    """The calendar items of a week."""
    shown = grid(user, f"?start_date={start}&days={days}")
    return [item for events in shown.values() for item in events if item["kind"] == "calendar"]


def spans(user: User, start: str = "2026-05-04", days: int = 7) -> list[tuple[str, str, str]]:
    """Title, start and end of the calendar items of a week."""
    return [(item["title"], item["starts_at"], item["ends_at"]) for item in entries(user, start, days)]


def titles(user: User) -> list[str]:
    """The titles of the calendar items of the week that the test calendars lie in."""
    return [item["title"] for item in entries(user)]


def create_feed(user: User, **fields: Any) -> dict[str, Any]:
    """A new feed, with its `import_summary`."""
    answer = user.post("calendar-feeds/", {"title": "Lab timetable", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def subscribe(user: User, url: str, **fields: Any) -> dict[str, Any]:
    """A new feed of an address."""
    return create_feed(user, source_kind="S", source_url=url, **fields)


def change_feed(user: User, feed: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The feed after a PATCH."""
    answer = user.patch(f"calendar-feeds/{feed['id']}/", fields)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refresh_feed(user: User, feed: dict[str, Any]) -> dict[str, Any]:
    """The feed after it was read on demand."""
    answer = user.post(f"calendar-feeds/{feed['id']}/refresh/")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def feeds_of(user: User) -> list[dict[str, Any]]:
    """The list of feeds."""
    rows: list[dict[str, Any]] = user.get("calendar-feeds/").json()
    return rows


def without_summary(feed: dict[str, Any]) -> dict[str, Any]:
    """A created feed as every other answer shows it."""
    return {key: value for key, value in feed.items() if key != "import_summary"}


def link(user: User, **fields: Any) -> dict[str, Any]:
    """A new calendar link, with its token."""
    answer = user.post("calendar-links/", {"name": "Phone", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def read_link(api: Api, made: dict[str, Any], **headers: str) -> httpx.Response:
    """What a calendar program gets at a link's address: without credentials, and whatever the status."""
    return api.get(f"/calendar/{made['token']}.ics", headers=headers)
