"""The log in words, by client, and changes of a range taken back at once (decision 60)."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client
from mcp_types import Implementation
from services.mcp.tests.test_newer_clients import plain_of
from tests.support.client import Api
from tests.support.mcp import Agent, NewerAgent, with_sdk

from mcp_service.tools.words import in_words


@pytest.mark.parametrize(
    ("title", "arguments", "names", "words"),
    [
        ("Create a note", {"title": "Tea", "content": "x" * 100, "is_public": True, "course_id": 3}, [],
         'Create a note: title "Tea", content of 100 characters, public, course 3'),
        ("Change an event", {"event_id": 4, "is_completed": True, "course_id": None}, ["Exam"],
         'Change an event "Exam": event 4, done, no course'),
        ("Move notes", {"note_ids": [1, 2, 3, 4, 5, 6], "course_id": 2}, [],
         "Move notes: 6 notes (1, 2, 3, 4, 5, …), course 2"),
        ("Create an event", {"recurrence_freq": "W", "recurrence_interval": 2}, [],
         "Create an event: weekly, recurrence interval 2"),
        ("List notes", {"limit": 5, "offset": 2, "format": "full"}, [], "List notes"),
        ("Write", {"content": "y" * 300 + "… (1000 characters)"}, [], "Write: content of 1000 characters"),
        ("Set fields", {"fields": {"tags": ["a"], "status": 1}}, [], "Set fields: fields tags, status"),
    ],
)  # fmt: skip
def test_arguments_in_words(title: str, arguments: dict[str, Any], names: list[str], words: str) -> None:
    assert in_words(title, arguments, names) == words


def test_the_log_says_what_was_done(newer: NewerAgent) -> None:
    note = newer("create_note", title="Tea", content="green")["id"]
    newer("update_note", note_id=note, is_public=True)
    newer("delete_note", note_id=note)
    rows = newer("list_recent_calls", limit=3)["calls"]
    assert [row["summary"] for row in rows] == [
        f'Move a note to the recycle bin "Tea": note {note}',
        f'Change a note "Tea": note {note}, public',
        'Create a note: title "Tea", content "green"',
    ]
    shown = newer.user.get("mcp/calls/", params={"limit": 1, "changes_only": "1"}).json()["results"][0]
    assert shown["summary"] == rows[0]["summary"]
    assert "summary" not in plain_of(newer)("list_recent_calls", limit=1)["calls"][0]


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_the_log_names_the_client(api: Api, newer: NewerAgent, mode: str) -> None:
    async def talk(client: Client) -> Any:
        return await client.call_tool("create_note", {"title": "By a client with a name"})

    info = Implementation(name=f"ünusual client {mode}", version="1.2.3")
    with_sdk(api.url("/mcp"), newer.key, talk, mode=mode, client_info=info)
    row = newer("list_recent_calls", limit=1)["calls"][0]
    name = f"?nusual client {mode}"
    assert (row["client_name"], row["client_version"], row["client"]) == (name, "1.2.3", f"{name} 1.2.3")
    assert newer("list_recent_calls", client=name, tool="create_note")["total"] == 1
    assert newer("list_recent_calls", client="nobody")["total"] == 0
    assert newer.user.get("mcp/calls/", params={"client": name}).json()["total"] == 1
    newer.rpc("tools/call", {"name": "get_profile", "arguments": {}}, **{"Mcp-Session-Id": "x" * 36 + ".WzFd"})
    assert newer("list_recent_calls", limit=1, changes_only=False)["calls"][0]["client_name"] == "python-httpx"


def test_changes_of_a_range_are_taken_back(newer: NewerAgent, stranger: Agent) -> None:
    note = newer("create_note", title="One")["id"]
    newer("update_note", note_id=note, title="Two")
    newer("snapshot_note", note_id=note)
    newer("get_note", note_id=note)
    newer("update_note", note_id=note, title="Three")
    calls = [row["id"] for row in newer("list_recent_calls", limit=4)["calls"]]
    assert stranger("undo_calls", first_call_id=calls[-1], last_call_id=calls[0])["undone"] == []
    answer = newer("undo_calls", first_call_id=calls[-2], last_call_id=calls[0])
    assert answer["undone"] == [calls[0], calls[2]]
    assert [(row["id"], row["tool"]) for row in answer["kept"]] == [(calls[1], "snapshot_note")]
    assert answer["stopped"] == ""
    assert newer.user.get(f"notes/{note}/").json()["title"] == "One"
    newer("update_note", note_id=note, title="Four")
    newer.user.patch(f"notes/{note}/", {"title": "By hand"})
    last = newer("list_recent_calls", limit=1, tool="update_note")["calls"][0]["id"]
    over_http = newer.user.post("mcp/calls/undo/", {"first": calls[-1], "last": last})
    assert over_http.status_code == 200
    assert over_http.json()["undone"] == []
    assert "nothing before it was tried" in over_http.json()["stopped"]
    assert newer.user.get(f"notes/{note}/").json()["title"] == "By hand"
    for body, field in (({"first": 1}, "last"), ({"first": "x", "last": 2}, "first")):
        refused = newer.user.post("mcp/calls/undo/", body)
        assert (refused.status_code, list(refused.json())) == (400, [field])
