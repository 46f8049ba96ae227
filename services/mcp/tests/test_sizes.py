"""How much a list holds: defaults and limits of the paged and cut tools (mcp §5), with more rows than any of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from tests.support.client import Api
from tests.support.mcp import Agent

from notechondria_launcher.stack import Stack

MANY = 210


@pytest.fixture(scope="module")
def many(api: Api, stack: Stack) -> tuple[Agent, int]:
    """A user with more notes in one course, more events and more sessions than any list shows; the course's id."""
    agent = Agent(api, api.register())
    course = agent("create_course", title="Full")["id"]
    note = agent("create_note", title="Copied", content="manifold", course_id=course)["id"]
    agent("create_event", title="Copied", event_date="2031-05-09")
    agent("create_note_session", note_id=note)
    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        copy(database, "notes.notes", note, "uuid", "sharing_id", last_edit="last_edit + n * interval '1 ms'")
        event = agent("list_events")["events"][0]["id"]
        copy(database, "planner.planner_events", event, title="'Event ' || lpad(n::text, 3, '0')")
        session = agent("list_note_sessions")["sessions"][0]["id"]
        copy(database, "planner.note_sessions", session)
    return agent, course


def copy(database: psycopg.Connection[Any], table: str, row: int, *fresh: str, **changed: str) -> None:
    """`MANY` copies of a row; `fresh` columns get a new uuid, `changed` ones an expression in `n`."""
    schema, name = table.split(".")
    listed = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
    columns = [str(found[0]) for found in database.execute(listed, [schema, name]).fetchall() if found[0] != "id"]
    values = [changed.get(key, "gen_random_uuid()" if key in fresh else key) for key in columns]
    database.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM {table}, generate_series(1, {MANY}) n WHERE id = %s",
        [row],
    )


def newest_first(rows: list[dict[str, Any]], key: str) -> bool:
    moments = [datetime.fromisoformat(row[key]).astimezone(UTC) for row in rows]
    return moments == sorted(moments, reverse=True)


@pytest.mark.contract("mcp §5.2")
def test_list_notes_goes_through_pages(many: tuple[Agent, int]) -> None:
    agent, course = many
    everything = MANY + 2  # the first note, and the welcome note
    page = agent("list_notes")
    assert (page["total"], page["offset"], page["limit"], len(page["notes"])) == (everything, 0, 50, 50)
    assert newest_first(page["notes"], "last_edit")
    for asked, effective in ((1, 1), (100, 100), (101, 100), (10**9, 100), (0, 1), (-3, 1)):
        page = agent("list_notes", limit=asked, course_id=course)
        assert (page["limit"], len(page["notes"]), page["total"]) == (effective, effective, MANY + 1)
    last = agent("list_notes", limit=100, offset=200)
    assert (last["offset"], len(last["notes"]), last["total"]) == (200, everything - 200, everything)
    assert agent("list_notes", offset=10**30)["notes"] == []
    first = [note["id"] for note in agent("list_notes", limit=100)["notes"]]
    assert not set(first) & {note["id"] for note in agent("list_notes", limit=100, offset=100)["notes"]}


@pytest.mark.contract("mcp §5.2")
def test_a_search_finds_50_at_most(many: tuple[Agent, int]) -> None:
    agent, _ = many
    found = agent("search_notes", query="manifold")
    assert (found["count"], len(found["notes"])) == (50, 50)
    assert newest_first(found["notes"], "last_edit")


@pytest.mark.contract("mcp §5.3")
def test_a_course_shows_20_notes_and_lists_200(many: tuple[Agent, int]) -> None:
    agent, course = many
    listed = agent("list_course_notes", course_id=course)["notes"]
    assert len(listed) == 200
    assert newest_first(listed, "last_edit")
    assert agent("get_course", course_id=course)["notes"] == listed[:20]


@pytest.mark.contract("mcp §5.4", "mcp §6")
def test_activity_is_ten_notes_and_50_at_most(many: tuple[Agent, int]) -> None:
    agent, _ = many
    newest = agent("list_notes", limit=100)["notes"]
    assert agent("get_recent_activity")["recent_notes"] == newest[:10]
    assert agent("get_activity")["notes"] == newest[:10]
    for asked, effective in ((1, 1), (11, 11), (50, 50), (51, 50), (10**9, 50)):
        assert agent("get_activity", limit=asked)["notes"] == newest[:effective]


@pytest.mark.contract("mcp §5.5")
def test_list_events_is_50_events_and_200_at_most(many: tuple[Agent, int]) -> None:
    agent, _ = many
    assert len(agent("list_events")["events"]) == 50
    for asked, effective in ((1, 1), (200, 200), (201, 200), (10**9, 200)):
        listed = agent("list_events", limit=asked)["events"]
        assert len(listed) == effective
        assert [row["title"] for row in listed] == sorted(row["title"] for row in listed)


@pytest.mark.contract("mcp §5.7")
def test_list_note_sessions_is_50_sessions_and_200_at_most(many: tuple[Agent, int]) -> None:
    agent, _ = many
    assert len(agent("list_note_sessions")["sessions"]) == 50
    for asked, effective in ((1, 1), (200, 200), (201, 200), (10**9, 200)):
        listed = agent("list_note_sessions", limit=asked)["sessions"]
        assert len(listed) == effective
        assert newest_first(listed, "starts_at")
