"""What is made through MCP and what is made through REST leave the same rows behind (mcp §6), tool by tool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from services.mcp.tests.rows import Rows, reader
from tests.support.client import Api, User, eventually
from tests.support.mcp import Agent, rpc

from notechondria_launcher.stack import Stack

ICAL = "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR"
LATER = {"event_date": "2031-05-09"}
WEEKLY = {"recurrence_freq": "W", "recurrence_interval": 2, "recurrence_end_date": "2031-12-31", "recurrence_count": 5}


@dataclass
class Side:
    """One user, who has the same things as the other one: ids by what they stand for."""

    user: User
    ids: dict[str, Any]

    def rest(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of REST that must succeed; ids stand in the path and in the body by their names."""
        options = {} if method in {"GET", "DELETE"} else {"json": self.filled(body or {})}
        answer = self.user.request(method, path.format(**self.ids), **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def filled(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with ids in the places of their names (`"{note}"`)."""

        def fill(value: Any) -> Any:
            if isinstance(value, list):
                return [fill(part) for part in value]
            named = isinstance(value, str) and value.startswith("{")
            return self.ids[value[1:-1]] if named else value

        return {name: fill(value) for name, value in arguments.items()}


def furnish(user: User) -> Side:
    """One of everything, all of it made through REST."""
    side = Side(user, {})
    ids, rest = side.ids, side.rest
    ids["course"] = rest("POST", "courses/", {"title": "Algebra"})["id"]
    ids["other"] = rest("POST", "courses/", {"title": "Biology"})["id"]
    ids["doomed"] = rest("POST", "courses/", {"title": "Chemistry"})["id"]
    ids["note"] = rest("POST", "notes/", {"title": "N", "content": "# N\n\nsome words", "course_id": "{course}"})["id"]
    ids["moved"] = rest("POST", "notes/", {"title": "M", "course_id": "{doomed}", "is_public": True})["id"]
    ids["gone"] = rest("POST", "notes/", {"title": "Gone", "is_public": True})["id"]
    for name in ("back", "lost"):
        ids[name] = rest("POST", "notes/", {"title": name, "content": "text"})["id"]
        rest("DELETE", f"notes/{{{name}}}/")
    ids["version"] = rest("POST", "notes/{note}/snapshot/", {"reason": "manual"})["id"]
    files = {"file": ("a.txt", b"12345", "text/plain")}
    for name in ("file", "kept"):
        path = f"notes/{ids['note']}/attachments/"
        ids[name] = user.request("POST", path, files=files).json()["id"]
    ids["event"] = rest("POST", "planner-events/", {"title": "E", **LATER})["id"]
    ids["dead"] = rest("POST", "planner-events/", {"title": "X", **LATER})["id"]
    ids["session"] = rest("POST", "note-sessions/", {"note_id": "{note}"})["id"]
    ids["feed"] = rest("POST", "calendar-feeds/", {"title": "F", "raw_ical": ICAL})["id"]
    ids["stale"] = rest("POST", "calendar-feeds/", URL)["id"]
    rest("POST", "courses/{other}/subscribe/")
    return side


NOTE = {"title": "Made", "content": "# Made\n\nmore *words*", "description": "about", "course_id": "{course}"}
CHANGE = {"title": "Renamed", "content": "quite other words", "description": "d", "is_public": True, "course_id": None}
EVENT = {"title": "Made", **LATER, "course_id": "{course}", "difficulty_weight": 3, "description": "d", **WEEKLY}
MOVE = {"starts_at": "2031-05-10T08:00:00+02:00", "is_completed": True, "recurrence_freq": "M"}
FEED = {"title": "Made", "raw_ical": ICAL, "course_id": "{course}", "is_enabled": False}
URL = {"title": "Sub", "source_kind": "S", "source_url": "webcal://calendars.example/a.ics"}
PROFILE = {
    "motto": "Slowly",
    "social_link": "https://a.example",
    "editor_mode": "G",
    "first_name": "A",
    "last_name": "B",
}
SESSION = {"note_id": "{note}", "title": "t", "summary": "s"}

Call = tuple[str, str, dict[str, Any] | None]
CALLS_OF_TOOLS: dict[str, list[tuple[dict[str, Any], Call]]] = {
    "update_profile": [(PROFILE, ("PATCH", "settings/", PROFILE))],
    "create_note": [(NOTE, ("POST", "notes/", NOTE)), ({"title": "Bare"}, ("POST", "notes/", {"title": "Bare"}))],
    "update_note": [({"note_id": "{note}", **CHANGE}, ("PATCH", "notes/{note}/", CHANGE))],
    "delete_note": [({"note_id": "{gone}"}, ("DELETE", "notes/{gone}/", None))],
    "create_course": [
        (
            {"title": " D ", "description": "d", "icon": 7},
            ("POST", "courses/", {"title": " D ", "description": "d", "icon": 7}),
        )
    ],
    "update_course": [
        (
            {"course_id": "{course}", "title": "Groups", "icon": None},
            ("PATCH", "courses/{course}/", {"title": "Groups", "icon": None}),
        )
    ],
    "delete_course": [({"course_id": "{doomed}"}, ("DELETE", "courses/{doomed}/", None))],
    "subscribe_course": [({"course_id": "{course}"}, ("POST", "courses/{course}/subscribe/", None))] * 2,
    "unsubscribe_course": [({"course_id": "{other}"}, ("DELETE", "courses/{other}/subscribe/", None))],
    "reorder_courses": [
        ({"course_ids": ["{other}", "{course}"]}, ("POST", "courses/reorder/", {"course_ids": ["{other}", "{course}"]}))
    ],
    "create_event": [
        (EVENT, ("POST", "planner-events/", EVENT)),
        ({"title": "Date", **LATER}, ("POST", "planner-events/", {"title": "Date", **LATER})),
    ],
    "update_event": [({"event_id": "{event}", **MOVE}, ("PATCH", "planner-events/{event}/", MOVE))],
    "delete_event": [({"event_id": "{dead}"}, ("DELETE", "planner-events/{dead}/", None))],
    "snapshot_note": [({"note_id": "{note}"}, ("POST", "notes/{note}/snapshot/", {"reason": "mcp"}))],
    "restore_note_version": [
        (
            {"note_id": "{note}", "version_id": "{version}"},
            ("POST", "notes/{note}/restore/{version}/", {"reason": "before_restore_mcp"}),
        )
    ],
    "delete_attachment": [
        ({"note_id": "{note}", "attachment_id": "{file}"}, ("DELETE", "notes/{note}/attachments/{file}/", None))
    ],
    "restore_deleted_note": [({"note_id": "{back}"}, ("POST", "notes/{back}/restore/", None))],
    "empty_recycle_bin": [({}, ("DELETE", "notes/deleted/empty/", None))],
    "create_note_session": [
        (SESSION, ("POST", "note-sessions/", SESSION)),
        ({"note_id": "{note}"}, ("POST", "note-sessions/", {"note_id": "{note}"})),
    ],
    "end_note_session": [
        (
            {"session_id": "{session}", "title": "t"},
            ("PATCH", "note-sessions/{session}/", {"title": "t", "ended_at": "2031-01-01T00:00:00Z"}),
        )
    ],
    "create_calendar_feed": [(FEED, ("POST", "calendar-feeds/", FEED)), (URL, ("POST", "calendar-feeds/", URL))],
    "update_calendar_feed": [
        (
            {"feed_id": "{feed}", "title": "H", "is_enabled": False},
            ("PATCH", "calendar-feeds/{feed}/", {"title": "H", "is_enabled": False}),
        )
    ],
    "delete_calendar_feed": [({"feed_id": "{stale}"}, ("DELETE", "calendar-feeds/{stale}/", None))],
}
"""For each writing tool its arguments, and the REST call that does the same."""


@dataclass
class Deployment:
    """Two users with the same things, one with an agent, one with an app; and a look at their rows."""

    agent: Agent
    by_tool: Side
    by_rest: Side
    rows: Rows

    def settled(self, what: str) -> None:
        """Wait until both have the same rows: the planner consumes events of notes a moment later."""

        def same() -> bool:
            return self.rows.alike(self.by_tool.user.id) == self.rows.alike(self.by_rest.user.id)

        try:
            eventually(same, seconds=5, what=what)
        except AssertionError:
            assert self.rows.alike(self.by_tool.user.id) == self.rows.alike(self.by_rest.user.id), what


@pytest.fixture(scope="module")
def deployment(api: Api, stack: Stack) -> Iterator[Deployment]:
    one, two = api.register(), api.register()
    with reader(stack) as rows:
        made = Deployment(Agent(api, one), furnish(one), furnish(two), rows)
        made.settled("two users with the same things")
        yield made


@pytest.mark.contract("mcp §6")
def test_every_writing_tool_is_compared(deployment: Deployment) -> None:
    tools = rpc(deployment.agent.api, deployment.agent.key, "tools/list")["result"]["tools"]
    writing = {tool["name"] for tool in tools if not tool["annotations"]["readOnlyHint"]}
    # Taking back is of the log; what its steps leave behind is in test_undo.py.
    assert CALLS_OF_TOOLS.keys() == writing - {"undo_call"}


@pytest.mark.contract("mcp §6", "mcp §5.1", "mcp §5.3")
@pytest.mark.parametrize("tool", CALLS_OF_TOOLS)
def test_rest_and_mcp_leave_the_same_rows(deployment: Deployment, tool: str) -> None:
    before = deployment.rows.whole(deployment.by_tool.user.id)
    for arguments, call in CALLS_OF_TOOLS[tool]:
        deployment.agent(tool, **deployment.by_tool.filled(arguments))
        deployment.by_rest.rest(*call)
    deployment.settled(tool)
    assert deployment.rows.whole(deployment.by_tool.user.id) != before
