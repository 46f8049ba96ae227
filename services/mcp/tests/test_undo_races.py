"""A change that comes between looking and writing is never lost: neither by taking back, nor by what taking back keeps.

The row is locked from outside, so that the call has looked and waits to write; then the row is changed, and let go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from tests.support.client import eventually
from tests.support.mcp import Agent

from notechondria_launcher.stack import Stack

ICAL = "BEGIN:VCALENDAR\nEND:VCALENDAR"
Thing = tuple[str, int]
"""A table and the id of a row."""
COLUMN = {"notes.notes": "title", "notes.courses": "title", "identity.users": "motto"}
TOUCHED = {"notes.notes": ", last_edit = clock_timestamp(), revision = revision + 1"}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'"


@pytest.fixture(scope="module")
def database(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(stack.admin_database_url) as connection:
        yield connection


def changed_while(database: psycopg.Connection[Any], thing: Thing, text: str, call: Callable[[], Any]) -> Any:
    """The result of `call`, which had to wait for the row of `thing` until this was changed to `text`."""
    table, number = thing
    with ThreadPoolExecutor(1) as pool, database.transaction():
        database.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [number])
        running = pool.submit(call)
        with psycopg.connect(database.info.dsn, password=database.info.password, autocommit=True) as watch:
            eventually(lambda: watch.execute(WAITING).fetchone() != (0,), what="the call waits for the row")
        assert not running.done()
        column = COLUMN.get(table, "title")
        database.execute(f"UPDATE {table} SET {column} = %s{TOUCHED.get(table, '')} WHERE id = %s", [text, number])
    return running.result()


def note(agent: Agent) -> Thing:
    return "notes.notes", agent("create_note", title="Seen", content="text")["id"]


def changed_note(agent: Agent) -> Thing:
    thing = note(agent)
    agent("update_note", note_id=thing[1], title="Changed", content="other text")
    return thing


def restored_version(agent: Agent) -> Thing:
    thing = note(agent)
    version = agent("snapshot_note", note_id=thing[1])["version_id"]
    agent("restore_note_version", note_id=thing[1], version_id=version)
    return thing


def restored_note(agent: Agent) -> Thing:
    thing = note(agent)
    agent("delete_note", note_id=thing[1])
    agent("restore_deleted_note", note_id=thing[1])
    return thing


def course(agent: Agent) -> Thing:
    return "notes.courses", agent("create_course", title=f"Seen {agent('list_courses')['courses'][-1]['id']}")["id"]


def changed_course(agent: Agent) -> Thing:
    thing = course(agent)
    agent("update_course", course_id=thing[1], title=f"Changed {thing[1]}", icon=7)
    return thing


def event(agent: Agent) -> Thing:
    return "planner.planner_events", agent("create_event", title="Seen", event_date="2031-05-09")["id"]


def changed_event(agent: Agent) -> Thing:
    thing = event(agent)
    agent("update_event", event_id=thing[1], is_completed=True)
    return thing


def feed(agent: Agent) -> Thing:
    return "planner.calendar_feeds", agent("create_calendar_feed", title="Seen", raw_ical=ICAL)["id"]


def changed_feed(agent: Agent) -> Thing:
    thing = feed(agent)
    agent("update_calendar_feed", feed_id=thing[1], is_enabled=False)
    return thing


def profile(agent: Agent) -> Thing:
    agent("update_profile", motto="Seen", first_name="A")
    return "identity.users", agent.user.id


PATHS = {
    "notes.notes": "notes/{}/",
    "notes.courses": "courses/{}/",
    "planner.planner_events": "planner-events/{}/",
    "planner.calendar_feeds": "calendar-feeds/{}/",
    "identity.users": "settings/",
}


def shown(agent: Agent, thing: Thing) -> dict[str, Any]:
    answer = agent.user.get(PATHS[thing[0]].format(thing[1]))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


KINDS = [
    note,
    changed_note,
    restored_version,
    restored_note,
    course,
    changed_course,
    event,
    changed_event,
    feed,
    changed_feed,
    profile,
]


@pytest.mark.parametrize("make", KINDS, ids=lambda kind: kind.__name__)
def test_a_change_while_a_call_is_taken_back_stays(
    agent: Agent, database: psycopg.Connection[Any], make: Callable[[Agent], Thing]
) -> None:
    thing = make(agent)
    call = agent.user.get("mcp/calls/", params={"changes_only": "1", "limit": 1}).json()["results"][0]
    assert call["can_undo"] is True

    def undo() -> httpx.Response:
        return agent.user.post(f"mcp/calls/{call['id']}/undo/")

    text = f"By hand {thing[1]}"
    answer = changed_while(database, thing, text, undo)
    assert answer.status_code == 409, answer.text
    assert "changed since" in answer.json()["detail"]
    assert shown(agent, thing)[COLUMN.get(thing[0], "title")] == text
    (again,) = agent.user.get("mcp/calls/", params={"tool": call["tool"], "limit": 1}).json()["results"]
    assert (again["id"], again["can_undo"], again["undone_at"]) == (call["id"], True, None)


@pytest.mark.parametrize(
    ("make", "tool", "argument", "change"),
    [
        (note, "update_note", "note_id", {"title": "Changed"}),
        (course, "update_course", "course_id", {"title": "Changed by the agent"}),
        (event, "update_event", "event_id", {"title": "Changed"}),
        (feed, "update_calendar_feed", "feed_id", {"title": "Changed"}),
        (profile, "update_profile", "", {"motto": "Changed"}),
    ],
    ids=["note", "course", "event", "feed", "profile"],
)
def test_what_is_taken_back_is_what_was_there_last(
    agent: Agent,
    database: psycopg.Connection[Any],
    make: Callable[[Agent], Thing],
    tool: str,
    argument: str,
    change: dict[str, Any],
) -> None:
    """A change between the tool's look and its write is overwritten, as by REST, and comes back with the undo."""
    thing = make(agent)
    arguments = {**({argument: thing[1]} if argument else {}), **change}
    text = f"Meanwhile {thing[1]}"
    changed_while(database, thing, text, lambda: agent(tool, **arguments))
    column = COLUMN.get(thing[0], "title")
    assert shown(agent, thing)[column] == change[column]
    call = agent("list_recent_calls", tool=tool, limit=1)["calls"][0]
    agent("undo_call", call_id=call["id"])
    assert shown(agent, thing)[column] == text


def test_a_deleted_event_comes_back_as_it_was_last(agent: Agent, database: psycopg.Connection[Any]) -> None:
    thing = event(agent)
    text = f"Moved meanwhile {thing[1]}"
    changed_while(database, thing, text, lambda: agent("delete_event", event_id=thing[1]))
    agent("undo_call", call_id=agent("list_recent_calls", tool="delete_event", limit=1)["calls"][0]["id"])
    assert text in [row["title"] for row in agent("list_events")["events"]]


def test_apps_cannot_make_their_writes_depend_on_anything(agent: Agent) -> None:
    """Their last write wins (notes §5.7); the header counts beside an assertion only."""
    thing = note(agent)
    headers = {"X-Internal-Expected": '{"last_edit": "never"}'}
    answer = agent.user.patch(f"notes/{thing[1]}/", {"title": "Won"}, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (200, "Won")
