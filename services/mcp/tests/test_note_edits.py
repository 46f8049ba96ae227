"""Reading a note in parts, and changing parts of its text: one version each, each taken back (decision 60)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from services.mcp.tests.test_newer_clients import plain_of
from services.mcp.tests.test_undo import last_call, undone
from tests.support.mcp import NewerAgent

from mcp_service.tools.sizes import MOST_CHARACTERS, length

TEXT = "# Trip\n\n- [ ] Pack\n- [ ] Book the train\n\n## Ideas\n\nWalk.\n\n## Costs\n\nNone."


def make(agent: NewerAgent, content: str = TEXT) -> int:
    found: int = agent("create_note", title="Trip", content=content)["id"]
    return found


def text(agent: NewerAgent, note_id: int) -> str:
    return str(agent.user.get(f"notes/{note_id}/").json()["content"])


def versions(agent: NewerAgent, note_id: int) -> list[Any]:
    return [(row["content"], row["reason"]) for row in agent.user.get(f"notes/{note_id}/history/").json()]


EDITS: list[tuple[str, dict[str, Any], str, str]] = [
    ("append_to_note", {"text": "The end."}, "None.", "None.\n\nThe end."),
    ("append_to_note", {"text": "Swim.", "heading": "Ideas"}, "Walk.\n\n", "Walk.\n\nSwim.\n\n"),
    ("edit_note", {"old_text": "Walk.", "new_text": "Run."}, "Walk.", "Run."),
    ("tick_task", {"task": "book the train"}, "[ ] Book", "[x] Book"),
]


@pytest.mark.contract("decision 60")
@pytest.mark.parametrize(("tool", "arguments", "before", "after"), EDITS)
def test_each_edit_is_one_version_and_is_taken_back(
    newer: NewerAgent, tool: str, arguments: dict[str, Any], before: str, after: str
) -> None:
    note = make(newer)
    answer = newer(tool, note_id=note, **arguments)
    assert answer["id"] == note
    assert not {"content", "blocks"} & answer.keys()
    assert text(newer, note) == TEXT.replace(before, after)
    assert versions(newer, note) == [(TEXT, "before_edit_mcp")]
    call = last_call(newer)
    assert (call["tool"], call["touched"]) == (tool, {"note": [note]})
    undone(newer)
    assert text(newer, note) == TEXT


@pytest.mark.contract("decision 60")
def test_what_cannot_be_edited_changes_nothing(newer: NewerAgent) -> None:
    note = make(newer, "one\ntwo one")
    refusal = newer.fails("edit_note", note_id=note, old_text="one", new_text="1")
    assert "2 times (line 1: 'one'; line 2: 'two one')" in refusal
    assert "no tasks" in newer.fails("tick_task", note_id=note, task="x")
    assert "no headings" in newer.fails("append_to_note", note_id=note, text="x", heading="Ideas")
    assert "BadArgument: text: " in newer.fails("append_to_note", note_id=note, text="")
    null = {"old_text": "two", "new_text": "a\x00"}
    assert "BadArgument: new_text: null characters" in newer.fails("edit_note", note_id=note, **null)
    assert "BadArgument: text: null characters" in newer.fails("append_to_note", note_id=note, text="a\x00")
    assert (text(newer, note), versions(newer, note)) == ("one\ntwo one", [])
    assert newer("edit_note", note_id=note, old_text="one", new_text="1", replace_all=True)["replaced"] == 2
    assert text(newer, note) == "1\ntwo 1"
    done = newer("create_note", title="T", content="- [x] a")["id"]
    assert newer("tick_task", note_id=done, task="a")["done"] is True
    assert versions(newer, done) == []
    assert last_call(newer)["can_undo"] is False


@pytest.mark.contract("decision 60")
def test_edits_at_once_are_all_there(newer: NewerAgent) -> None:
    note = make(newer, "start")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: newer("append_to_note", note_id=note, text=f"part {number}"), range(4)))
    assert sorted(text(newer, note).split("\n\n")) == ["part 0", "part 1", "part 2", "part 3", "start"]


@pytest.mark.contract("decision 60")
def test_writing_answers_the_brief_note(newer: NewerAgent) -> None:
    made = newer("create_note", title="Brief", content="text")
    assert not {"content", "blocks", "metadata_json"} & made.keys()
    assert newer("update_note", note_id=made["id"], content="more")["last_edit"] > made["last_edit"]
    full = newer("update_note", note_id=made["id"], content="most", format="full")
    assert (full["content"], bool(full["blocks"])) == ("most", True)
    plain = plain_of(newer)
    assert plain("update_note", note_id=made["id"], title="Plain")["content"] == "most"
    assert "content" not in plain("update_note", note_id=made["id"], title="Plain", format="brief")


@pytest.mark.contract("decision 60")
def test_a_long_note_is_read_in_parts(newer: NewerAgent) -> None:
    lines = ["# Long"] + [f"Line {number}: " + "word " * 12 + "end" for number in range(2, 1001)]
    lines[500] = "## Middle"
    note = make(newer, "\n".join(lines))
    parts, offset = [], 0
    while True:
        answer = newer("get_note", note_id=note, offset=offset)
        assert length(answer) <= MOST_CHARACTERS
        assert answer["total_lines"] == 1000
        parts.append(answer["content"])
        offset = answer["offset"] + answer["lines"]
        if "more" not in answer:
            break
        assert f"offset={offset}" in answer["more"]
    assert "\n".join(parts) == "\n".join(lines)
    assert len(parts) > 2
    short = newer("get_note", note_id=note, section="middle", limit=2, offset=1)
    assert short["content"] == "\n".join(lines[501:503])
    assert (short["offset"], short["lines"]) == (1, 2)
    assert "section='middle'" in short["more"]
    assert "'Long', 'Middle'" in newer.fails("get_note", note_id=note, section="Nowhere")
    whole = newer("get_note", note_id=note, format="full")
    assert whole["content"] == "\n".join(lines)
    assert whole["blocks"]
    assert plain_of(newer)("get_note", note_id=note) == whole
    by_uuid = newer("get_note_by_uuid", uuid=whole["uuid"], section="Middle", limit=1)
    assert by_uuid["content"] == "## Middle"
    one_line = make(newer, "x" * 60_000)
    answer = newer("get_note", note_id=one_line)
    assert length(answer) <= MOST_CHARACTERS
    assert "format=full" in answer["more"]
    assert newer("get_note", note_id=one_line, offset=10**30)["content"] == ""


@pytest.mark.contract("decision 60")
@pytest.mark.parametrize("character", ["x", '"', "\u4e2d", "\x01", "\U0001f600"])
def test_behind_a_line_that_is_too_long_reading_goes_on(newer: NewerAgent, character: str) -> None:
    note = make(newer, f"# H\n\n{character * 60_000}\n\nafter")
    answer = newer("get_note", note_id=note, section="H", offset=2)
    assert length(answer) <= MOST_CHARACTERS
    assert answer["content"].strip(character) == ""
    assert "offset=3, section='H'" in answer["more"]
    assert newer("get_note", note_id=note, offset=3)["content"] == "\nafter"


@pytest.mark.contract("decision 60")
def test_the_heatmap_is_compact(newer: NewerAgent) -> None:
    newer("create_event", title="Heat", event_date=newer("get_heatmap")["today"], difficulty_weight=3)
    compact, full = newer("get_heatmap"), newer("get_heatmap", format="full")
    assert "cells" not in compact
    assert compact["future"] == {cell["date"]: cell["future_value"] for cell in full["cells"] if cell["future_value"]}
    assert compact["past"] == {cell["date"]: cell["past_value"] for cell in full["cells"] if cell["past_value"]}
    assert plain_of(newer)("get_heatmap") == full


@pytest.mark.contract("decision 60")
def test_lists_page_by_the_same_words(newer: NewerAgent) -> None:
    course = newer("create_course", title="Paged")["id"]
    notes = [newer("create_note", title=f"Paged {number}", course_id=course)["id"] for number in range(3)]
    page = newer("list_course_notes", course_id=course, limit=2, offset=1)
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    assert [note["id"] for note in page["notes"]] == notes[1::-1]
    for number in notes:
        newer("delete_note", note_id=number)
    for number in range(2):
        newer("create_calendar_feed", title=f"Feed {number}")
    for tool, rows in (
        ("list_deleted_notes", "deleted_notes"),
        ("list_courses", "courses"),
        ("get_activity", "notes"),
        ("list_calendar_feeds", "feeds"),
    ):
        everything = newer(tool, limit=50)
        one = newer(tool, limit=1, offset=1)
        assert one[rows] == everything[rows][1:2]
        assert (one["total"], one["limit"], one["offset"]) == (everything["total"], 1, 1)
        assert one["total"] >= len(everything[rows])
        assert plain_of(newer)(tool).keys() == {rows}
    note = newer("create_note", title="Without files")["id"]
    empty = {"note_id": note, "attachments": [], "total": 0, "offset": 0, "limit": 200}
    assert newer("list_attachments", note_id=note) == empty
    assert plain_of(newer)("list_attachments", note_id=note) == {"note_id": note, "attachments": []}
    calls = newer("list_recent_calls", limit=1, offset=1)
    assert (calls["limit"], calls["offset"]) == (1, 1)
    assert calls["calls"] == newer("list_recent_calls", limit=2)["calls"][1:]
