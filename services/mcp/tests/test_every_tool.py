"""Every tool is called for success, for what is somebody else's, for missing and for wrong arguments (mcp §3, §5).

A tool that is listed and not in `TOOLS` fails the first test. Missing arguments, wrong types and impossible ids come
from the list itself, so that no argument is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from mcp import Client
from services.mcp.tests.rows import Rows, reader
from tests.support.client import Api, User
from tests.support.mcp import Agent, NewerAgent, tool_error, with_sdk

from notechondria_launcher.stack import Stack

ICAL = "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR"
DAY = "2031-05-09"
Given = dict[str, Any]


def made(user: User, path: str, body: Given | None = None, **options: Any) -> Given:
    answer = user.request("POST", path, **(options or {"json": body or {}}))
    assert answer.is_success, answer.text
    found: Given = answer.json()
    return found


def things(agent: Agent) -> Given:
    """One of everything of a user, by what it is."""
    user = agent.user
    course = made(user, "courses/", {"title": f"Course of {user.username}"})["id"]
    note = made(user, "notes/", {"title": "Secret note", "content": "secret text", "course_id": course})
    binned, gone, purged = (made(user, "notes/", {"title": "Secret in the bin"})["id"] for _ in range(3))
    for number in (binned, gone, purged):
        assert user.delete(f"notes/{number}/").status_code == 204
    files = {"file": ("secret.txt", b"secret", "text/plain")}
    for title in ("Secret call", "Secret call, too"):
        agent("create_event", title=title, event_date=DAY)
    calls = [row["id"] for row in agent("list_recent_calls", limit=2)["calls"]]
    return {
        "course": course,
        "spare": made(user, "courses/", {"title": f"Spare of {user.username}"})["id"],
        "note": note["id"],
        "uuid": note["uuid"],
        "binned": binned,
        "gone": gone,
        "purged": purged,
        "version": made(user, f"notes/{note['id']}/snapshot/", {"reason": "manual"})["id"],
        "attachment": made(user, f"notes/{note['id']}/attachments/", files=files)["id"],
        "event": made(user, "planner-events/", {"title": "Secret event", "event_date": DAY})["id"],
        "session": made(user, "note-sessions/", {"note_id": note["id"]})["id"],
        "feed": made(user, "calendar-feeds/", {"title": "Secret feed", "raw_ical": ICAL})["id"],
        "call": calls[0],
        "last call": calls[1],
    }


@dataclass(frozen=True)
class Case:
    """Arguments that succeed, and what becomes of ids of somebody else.

    In values `{note}` is the caller's own note, `{their note}` the stranger's. `foreign` holds pairs of arguments and
    the kind of error; "shows nothing" when the call succeeds and shows nothing of what is private to the other.
    """

    success: Given
    foreign: tuple[tuple[Given, str], ...] = ()


NOBODY: tuple[tuple[Given, str], ...] = ()
"""The tool takes no id: nothing of anybody else can be named."""
THEIR_NOTE, THEIR_COURSE = {"note_id": "{their note}"}, {"course_id": "{their course}"}


def of_note(**more: Any) -> tuple[tuple[Given, str], ...]:
    """Somebody else's note is missing, whether it lies in the bin or not."""
    return (({**THEIR_NOTE, **more}, "NotFound"), ({"note_id": "{their binned}", **more}, "NotFound"))


TOOLS = {
    "get_profile": Case({}, NOBODY),
    "update_profile": Case({"motto": "m"}, NOBODY),
    "list_notes": Case({"course_id": "{course}", "query": "secret"}, ((THEIR_COURSE, "shows nothing"),)),
    "get_note": Case({"note_id": "{note}"}, of_note()),
    "get_note_by_uuid": Case({"uuid": "{uuid}"}, (({"uuid": "{their uuid}"}, "NotFound"),)),
    "search_notes": Case({"query": "secret", "scope": "all"}, (({"query": "ECRE", "scope": "all"}, "shows nothing"),)),
    # A note may be filed in anybody's course; others do not see it there (notes §12, 1).
    "create_note": Case({"title": "t"}, (({"title": "t", **THEIR_COURSE}, "shows nothing"),)),
    "update_note": Case({"note_id": "{note}", "description": "d"}, of_note(title="t")),
    "delete_note": Case({"note_id": "{note}"}, of_note()),
    "append_to_note": Case({"note_id": "{note}", "text": "t"}, of_note(text="t")),
    "edit_note": Case(
        {"note_id": "{note}", "old_text": "secret text", "new_text": "- [ ] hidden"}, of_note(old_text="t", new_text="")
    ),
    "move_notes": Case(
        {"note_ids": ["{note}"], "course_id": "{course}"},
        (({"note_ids": ["{their note}"], "course_id": None}, "NotFound"),),
    ),
    "set_note_fields": Case(
        {"note_ids": ["{note}"], "fields": {"tags": ["x"]}},
        (({"note_ids": ["{their note}"], "fields": {"a": 1}}, "NotFound"),),
    ),
    "restore_deleted_notes": Case({"note_ids": ["{binned}"]}, (({"note_ids": ["{their binned}"]}, "NotFound"),)),
    "purge_notes": Case({"note_ids": ["{purged}"]}, (({"note_ids": ["{their binned}"]}, "NotFound"),)),
    "undo_calls": Case(
        {"first_call_id": "{last call}", "last_call_id": "{last call}"},
        (({"first_call_id": "{their call}", "last_call_id": "{their call}"}, "shows nothing"),),
    ),
    "tick_task": Case({"note_id": "{note}", "task": "hidden"}, of_note(task="t")),
    "list_courses": Case({}, (({}, "shows nothing"),)),
    "get_course": Case({"course_id": "{course}"}, ((THEIR_COURSE, "shows nothing"),)),
    "list_course_notes": Case({"course_id": "{course}"}, ((THEIR_COURSE, "shows nothing"),)),
    "create_course": Case({"title": "Made here"}, NOBODY),
    "update_course": Case({"course_id": "{course}", "icon": 5}, (({**THEIR_COURSE, "title": "t"}, "Forbidden"),)),
    "delete_course": Case({"course_id": "{spare}"}, ((THEIR_COURSE, "Forbidden"),)),
    "subscribe_course": Case({"course_id": "{course}"}, ((THEIR_COURSE, "shows nothing"),)),
    "unsubscribe_course": Case({"course_id": "{course}"}, (({"course_id": "{their spare}"}, "NotFound"),)),
    "reorder_courses": Case({"course_ids": ["{course}"]}, (({"course_ids": ["{their course}"]}, "shows nothing"),)),
    "get_heatmap": Case({}, NOBODY),
    "get_recent_activity": Case({}, (({}, "shows nothing"),)),
    "get_activity": Case({"limit": 5}, (({}, "shows nothing"),)),
    "get_activity_week": Case({"start_date": DAY}, (({"start_date": DAY}, "shows nothing"),)),
    "list_events": Case({"include_completed": True}, (({}, "shows nothing"),)),
    "create_event": Case(
        {"title": "t", "event_date": DAY}, (({"title": "t", "event_date": DAY, **THEIR_COURSE}, "shows nothing"),)
    ),
    "update_event": Case(
        {"event_id": "{event}", "title": "t"}, (({"event_id": "{their event}", "title": "t"}, "NotFound"),)
    ),
    "delete_event": Case({"event_id": "{event}"}, (({"event_id": "{their event}"}, "NotFound"),)),
    "list_note_versions": Case({"note_id": "{note}"}, of_note()),
    "snapshot_note": Case({"note_id": "{note}"}, of_note()),
    "restore_note_version": Case(
        {"note_id": "{note}", "version_id": "{version}"},
        (*of_note(version_id="{their version}"), ({"note_id": "{note}", "version_id": "{their version}"}, "NotFound")),
    ),
    "list_attachments": Case({"note_id": "{note}"}, of_note()),
    "delete_attachment": Case(
        {"note_id": "{note}", "attachment_id": "{attachment}"},
        (
            *of_note(attachment_id="{their attachment}"),
            ({"note_id": "{note}", "attachment_id": "{their attachment}"}, "NotFound"),
        ),
    ),
    "list_deleted_notes": Case({}, (({}, "shows nothing"),)),
    "restore_deleted_note": Case({"note_id": "{gone}"}, of_note()),
    "empty_recycle_bin": Case({}, (({}, "shows nothing"),)),
    "list_note_sessions": Case({"note_id": "{note}"}, ((THEIR_NOTE, "shows nothing"), ({}, "shows nothing"))),
    "create_note_session": Case({"note_id": "{note}"}, of_note()),
    "end_note_session": Case({"session_id": "{session}"}, (({"session_id": "{their session}"}, "NotFound"),)),
    "list_calendar_feeds": Case({}, (({}, "shows nothing"),)),
    "create_calendar_feed": Case(
        {"title": "t", "raw_ical": ICAL}, (({"title": "t", "raw_ical": ICAL, **THEIR_COURSE}, "shows nothing"),)
    ),
    "update_calendar_feed": Case(
        {"feed_id": "{feed}", "is_enabled": False}, (({"feed_id": "{their feed}", "title": "t"}, "NotFound"),)
    ),
    "delete_calendar_feed": Case({"feed_id": "{feed}"}, (({"feed_id": "{their feed}"}, "NotFound"),)),
    "list_recent_calls": Case({}, (({}, "shows nothing"),)),
    "undo_call": Case({"call_id": "{call}"}, (({"call_id": "{their call}"}, "NotFound"),)),
}


def filled(arguments: Given, ids: Given) -> Given:
    """The arguments with ids in the places of their names."""

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(part) for part in value]
        return ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value

    return {name: fill(value) for name, value in arguments.items()}


@pytest.fixture(scope="module")
def rows(stack: Stack) -> Iterator[Rows]:
    with reader(stack) as found:
        yield found


@pytest.fixture(scope="module")
def theirs(stranger: Agent) -> Given:
    return {f"their {name}": number for name, number in things(stranger).items()}


@pytest.fixture(scope="module")
def tools(newer: NewerAgent) -> dict[str, Given]:
    """All tools with all their arguments, as newer clients see them (decision 60)."""
    return newer.tools()


@pytest.mark.contract("mcp §5")
def test_no_tool_is_left_out(tools: dict[str, Given]) -> None:
    assert TOOLS.keys() == tools.keys()
    for name, case in TOOLS.items():
        schema = tools[name]["inputSchema"]
        assert set(schema["required"]) <= case.success.keys() <= schema["properties"].keys(), name
        takes_ids = [key for key in schema["properties"] if key.endswith(("_id", "_ids", "uuid"))]
        assert bool(case.foreign) or not takes_ids, name


@pytest.mark.contract("mcp §5", "mcp §3", "mcp §6")
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_every_tool_succeeds(api: Api, tools: dict[str, Given], mode: str) -> None:
    """Through the SDK's client, which holds each result against the tool's output schema."""
    agent = Agent(api, api.register())
    own = things(agent)
    last = ["unsubscribe_course", "delete_attachment", "restore_deleted_note", "delete_note", "empty_recycle_bin"]
    order = [*(name for name in TOOLS if name not in last), *last]

    async def talk(client: Client) -> dict[str, Any]:
        await client.list_tools()
        return {name: await client.call_tool(name, filled(TOOLS[name].success, own)) for name in order}

    answers = with_sdk(api.url("/mcp"), agent.key, talk, mode=mode)
    for name, answer in answers.items():
        assert not answer.is_error, (name, answer.content)
        assert answer.structured_content.keys() <= tools[name]["outputSchema"]["properties"].keys(), name
        check_timestamps(answer.structured_content)
    assert answers.keys() == tools.keys()


TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
TIMESTAMPS = ("_at", "last_edit", "date_created", "last_sync")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
DATES = ("date", "_date", "week_start", "today")


def check_timestamps(value: Any) -> None:
    """Date-times are ISO strings with offset, dates are YYYY-MM-DD (mcp §3), wherever they stand."""
    if isinstance(value, list):
        for part in value:
            check_timestamps(part)
    if isinstance(value, dict):
        for key, part in value.items():
            if key.endswith(TIMESTAMPS) and part is not None:
                assert TIMESTAMP.fullmatch(part), (key, part)
            elif key.endswith(DATES) and part is not None and not key.startswith("is_"):
                assert DATE.fullmatch(str(part)), (key, part)
            else:
                check_timestamps(part)


@pytest.mark.contract("mcp §5", "mcp §3", "mcp §6")
@pytest.mark.parametrize("name", TOOLS)
def test_tools_do_not_reach_what_belongs_to_others(
    agent: Agent, stranger: Agent, theirs: Given, own: Given, rows: Rows, name: str
) -> None:
    before = rows.whole(stranger.user.id)
    for arguments, outcome in TOOLS[name].foreign:
        given = filled(arguments, {**own, **theirs})
        if outcome == "shows nothing":
            shown = str(agent(name, **given))
        else:
            shown = agent.fails(name, **given)
            assert f"— {outcome}: " in shown
        assert "secret" not in shown.lower()
    assert rows.whole(stranger.user.id) == before


@pytest.fixture(scope="module")
def own(agent: Agent) -> Given:
    """What the caller has; named without the words that only the stranger's things bear."""
    note = agent("create_note", title="Mine")
    return {"note": note["id"]}


def kinds(described: Given) -> str:
    kind = described["type"]
    return str(kind[0] if isinstance(kind, list) else kind)


def takes_null(described: Given) -> bool:
    """True when null is a value of the argument."""
    return isinstance(described.get("type"), list) and "null" in described["type"]


WRONG: dict[str, list[Any]] = {
    "integer": ["many", 1.5, [1], {"a": 1}, True],
    "string": [["x"], {"a": 1}, 7],
    "boolean": ["perhaps", 7, [True]],
    "array": ["x", {"a": 1}, 7],
    "object": ["x", [1], 7],
}
NO_IDS = (0, -1, 10**18, 10**40)
ACTS_AS_7 = ("get_activity_week", "days")
"""Other values than 3, 7 and 30 act as 7 (mcp §5.4)."""


@pytest.mark.contract("mcp §3")
@pytest.mark.parametrize("name", TOOLS)
def test_missing_and_wrong_arguments_are_named_and_change_nothing(
    api: Api, agent: Agent, stranger: Agent, theirs: Given, rows: Rows, tools: dict[str, Given], name: str
) -> None:
    ids = {kind.removeprefix("their "): number for kind, number in theirs.items()}
    good, schema = filled(TOOLS[name].success, ids), tools[name]["inputSchema"]
    before = rows.whole(stranger.user.id)
    for argument in schema["required"]:
        rest = {key: value for key, value in good.items() if key != argument}
        nothing = [] if takes_null(schema["properties"][argument]) else [{**rest, argument: None}]
        for given in (rest, *nothing):
            assert f"BadArgument: {argument}: " in stranger.fails(name, **given)
    for argument, described in schema["properties"].items():
        if (name, argument) == ACTS_AS_7:
            continue
        wrong = [*WRONG[kinds(described)], *(NO_IDS if argument.endswith("_id") else ())]
        for value in wrong:
            text = tool_error(api, stranger.key, name, {**good, argument: value})
            assert f"BadArgument: {argument}" in text, (argument, value, text)
    assert rows.whole(stranger.user.id) == before
