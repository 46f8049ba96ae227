"""The bin, and several notes at once: one undo for all of them, what fails leaves the others (decision 60)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from services.mcp.tests.test_consent import User, call
from services.mcp.tests.test_newer_clients import plain_of
from services.mcp.tests.test_undo import last_call, refused, undone
from tests.support.client import Api
from tests.support.mcp import NewerAgent

from mcp_service.calls.journal import Journal, Step
from mcp_service.tools.batches import Undoing, each


def make(agent: NewerAgent, count: int = 3, **more: Any) -> list[int]:
    return [agent("create_note", title=f"Batch {number}", **more)["id"] for number in range(count)]


def binned(agent: NewerAgent, count: int = 3) -> list[int]:
    numbers = make(agent, count, content="in the bin")
    for number in numbers:
        agent("delete_note", note_id=number)
    return numbers


def in_bin(agent: NewerAgent) -> set[int]:
    return {row["id"] for row in agent.user.get("notes/deleted/").json()}


@pytest.mark.contract("decision 60")
def test_notes_are_moved_and_moved_back_at_once(newer: NewerAgent) -> None:
    first = newer("create_course", title="Batch from")["id"]
    other = newer("create_course", title="Batch to")["id"]
    numbers = [*make(newer, 2, course_id=first), *make(newer, 1)]
    answer = newer("move_notes", note_ids=[*numbers, 999_999_999, numbers[0]], course_id="batch to")
    assert (answer["changed"], answer["remaining"]) == (numbers, [])
    assert [row["note_id"] for row in answer["failed"]] == [999_999_999]
    assert {row["course_id"] for row in newer("list_course_notes", course_id=other)["notes"]} == {other}
    logged = last_call(newer)
    assert logged["touched"] == {"note": numbers}
    assert logged["summary"].startswith('Move notes to a course "Batch 0" and "Batch 1": 5 notes (')
    undone(newer)
    courses = [newer.user.get(f"notes/{number}/").json()["course_id"] for number in numbers]
    assert courses == [first, first, None]
    assert newer("move_notes", note_ids=numbers[:2], course_id=first)["changed"] == numbers[:2]
    assert last_call(newer)["can_undo"] is False  # they were there already
    assert newer("move_notes", note_ids=numbers, course_id=None)["failed"] == []
    newer.user.patch(f"notes/{numbers[1]}/", {"title": "By hand"})
    assert f"note {numbers[1]} has been changed since (" in refused(newer)
    newer.user.delete(f"notes/{numbers[1]}/")
    assert f"note {numbers[1]} is no longer there" in refused(newer)
    newer.user.post(f"notes/{numbers[1]}/restore/", {})
    assert "NotFound" in newer.fails("move_notes", note_ids=[999_999_999], course_id=None)
    for wrong in ([], list(range(1, 52)), ["many"], [0]):
        assert "BadArgument: note_ids" in newer.fails("move_notes", note_ids=wrong, course_id=None)


@pytest.mark.contract("decision 60")
def test_fields_are_set_on_several_notes(newer: NewerAgent) -> None:
    numbers = make(newer)
    newer.user.patch(f"notes/{numbers[1]}/", {"custom_meta": json.dumps({"status": "open", "kept": 1})})
    newer.user.patch(f"notes/{numbers[2]}/", {"custom_meta": "no object"})
    answer = newer("set_note_fields", note_ids=numbers, fields={"tags": ["exam", "physics"], "status": None})
    assert answer["changed"] == numbers[:2]
    assert "not readable" in answer["failed"][0]["error"]

    def stored(number: int) -> str:
        return str(newer.user.get(f"notes/{number}/").json()["custom_meta"])

    assert json.loads(stored(numbers[0])) == {"tags": ["exam", "physics"]}
    assert json.loads(stored(numbers[1])) == {"kept": 1, "tags": ["exam", "physics"]}
    assert stored(numbers[2]) == "no object"
    undone(newer)
    assert stored(numbers[0]) == ""
    assert json.loads(stored(numbers[1])) == {"status": "open", "kept": 1}
    assert "4000 characters" in newer.fails("set_note_fields", note_ids=numbers, fields={"a": "x" * 5000})


@pytest.mark.contract("decision 60", "notes §7")
def test_the_bin_is_read_restored_and_purged_in_part(newer: NewerAgent) -> None:
    numbers = binned(newer)
    assert "NotFound" in newer.fails("get_note", note_id=numbers[0])
    shown = newer("get_note", note_id=numbers[0], include_deleted=True)
    assert (shown["content"], shown["deleted"]) == ("in the bin", True)
    assert plain_of(newer)("get_note", note_id=numbers[0], include_deleted=True)["deleted"] is True
    assert newer("restore_deleted_notes", note_ids=numbers[:2])["changed"] == numbers[:2]
    assert "deleted" not in newer("get_note", note_id=numbers[0], include_deleted=True)
    undone(newer)
    assert set(numbers) <= in_bin(newer)
    kept = newer("create_note", title="Not in the bin")["id"]
    answer = newer("purge_notes", note_ids=[numbers[0], kept])
    assert (answer["changed"], [row["note_id"] for row in answer["failed"]]) == ([numbers[0]], [kept])
    assert in_bin(newer) & {*numbers} == {*numbers[1:]}
    assert newer("get_note", note_id=kept)["id"] == kept
    assert "for good" in refused(newer)
    assert "NotFound" in newer.fails("purge_notes", note_ids=[numbers[0]])


@pytest.mark.contract("decision 60")
def test_the_user_is_asked_before_notes_are_purged(api: Api, newer: NewerAgent) -> None:
    numbers = binned(newer, 2)
    no, yes = User("decline"), User("accept", confirm=True)
    result = call(api, newer, no, "purge_notes", {"note_ids": numbers})
    assert result.is_error
    assert "nothing was changed" in result.content[0].text
    assert set(numbers) <= in_bin(newer)
    assert no.asked == ['Delete 2 notes in the recycle bin for good? "Batch 0", "Batch 1".']
    result = call(api, newer, yes, "purge_notes", {"note_ids": numbers})
    assert result.structured_content["changed"] == numbers
    assert not set(numbers) & in_bin(newer)


class HurriedCall:
    """A call that has time for two notes."""

    def __init__(self) -> None:
        self.journal, self._left = Journal(), 2

    @property
    def has_time(self) -> bool:
        self._left -= 1
        return self._left >= 0


def test_a_batch_ends_in_time_and_what_was_done_can_be_taken_back() -> None:
    call: Any = HurriedCall()
    undoing = Undoing()

    async def change(number: int) -> None:
        undoing.add(Step(service="notes", method="DELETE", path=f"notes/{number}/"), {"id": number, "last_edit": "now"})

    batch = asyncio.run(each(call, [5, 6, 7, 6, 8], change, undoing))
    assert (batch.changed, batch.failed, batch.remaining) == ([5, 6], [], [7, 8])
    assert call.journal.undo is not None
    assert [step.path for step in call.journal.undo.steps] == ["notes/6/", "notes/5/"]
    assert call.journal.touched == {"note": [5, 6]}


@pytest.mark.contract("decision 60")
@pytest.mark.parametrize("stored", ["[" * 3000, '{"a":' * 3000 + "1" + "}" * 3000, "{", "[1]"])
def test_fields_that_cannot_be_read_are_left_to_the_app(newer: NewerAgent, stored: str) -> None:
    (note,) = make(newer, 1)
    newer.user.patch(f"notes/{note}/", {"custom_meta": stored})
    assert "are not readable" in newer.fails("set_note_fields", note_ids=[note], fields={"a": 1})
    assert newer.user.get(f"notes/{note}/").json()["custom_meta"] == stored
