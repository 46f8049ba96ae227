"""Blocks (notes §6)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import Api, User


def make(user: User, title: str = "T", **more: Any) -> dict[str, Any]:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def read(user: User, note: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = user.get(f"notes/{note['id']}/").json()
    return body


def kinds(note: dict[str, Any]) -> list[tuple[str, str]]:
    return [(block["block_type"], block["text"]) for block in note["blocks"]]


def words(look: Any, note: dict[str, Any]) -> list[tuple[str, int]]:
    return [(f["activity_type"], f["word_count"]) for f in look.events("activity.recorded", note_id=note["id"])]


@pytest.mark.contract("notes §6.1", "notes §3.5", "notes §6.3", "notes §9.1")
def test_a_block_is_appended_and_counted(mine: User, look: Any) -> None:
    note = make(mine, content="# A\n\ntext")
    answer = mine.post(f"notes/{note['id']}/blocks/", {"block_type": "C", "text": " x = 1 ", "args": "python"})
    assert answer.status_code == 201
    block = answer.json()
    assert set(block) == {
        "id", "block_type", "text", "args", "is_AI_generated", "image_url", "date_created", "last_edit",
    }  # fmt: skip
    assert (block["text"], block["args"], block["is_AI_generated"], block["image_url"]) == (
        "x = 1", "python", False, "",
    )  # fmt: skip
    after = read(mine, note)
    assert after["content"] == "# A\n\ntext\n\n```python\nx = 1\n```"
    assert after["blocks"][-1] == block
    assert [b["id"] for b in after["blocks"][:-1]] == [b["id"] for b in note["blocks"]]
    assert after["last_edit"] > note["last_edit"]
    assert words(look, note)[-1] == ("E", 5)
    assert [event["revision"] for event in look.events("note.updated", note_id=note["id"])] == [2]


@pytest.mark.contract("notes §6.1")
@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({}, "block_type"),
        ({"block_type": "X"}, "block_type"),
        ({"block_type": None}, "block_type"),
        ({"block_type": "N", "args": "a" * 257}, "args"),
        ({"block_type": "N", "text": ["a"]}, "text"),
        ({"block_type": "N", "text": "\x00"}, "text"),
        ({"block_type": "N", "is_AI_generated": None}, "is_AI_generated"),
    ],
)
def test_a_bad_block_names_the_failing_field(mine: User, bad: dict[str, Any], field: str) -> None:
    note = make(mine)
    answer = mine.post(f"notes/{note['id']}/blocks/", bad)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    if bad:
        assert mine.patch(f"blocks/{note['blocks'][0]['id']}/", bad).status_code == 400
    assert read(mine, note)["blocks"] == note["blocks"]


@pytest.mark.contract("notes §6.1")
def test_line_breaks_of_a_block_are_cleaned(mine: User) -> None:
    path = f"notes/{make(mine)['id']}/blocks/"
    for kind, given, kept in (
        ("S", "a\r\nb\n\nc", "a b c"),
        ("I", "a\nb", "a b"),
        ("N", "a\r\nb\n\n\nc", "a\nb\nc"),
        ("L", "a\nb", "a\nb"),
        ("Q", None, ""),
    ):
        assert mine.post(path, {"block_type": kind, "text": given, "args": " "}).json()["text"] == kept


@pytest.mark.contract("notes §12", "notes §4")
def test_an_image_block_without_an_image_counts_its_markdown(mine: User, look: Any) -> None:
    note = make(mine)
    answer = mine.post(f"notes/{note['id']}/blocks/", {"block_type": "I", "text": "two words", "args": "http://a.b"})
    assert (answer.status_code, answer.json()["image_url"]) == (201, "")
    assert words(look, note)[-1] == ("E", 2)
    assert read(mine, note)["content"].endswith("![two words](http://a.b)")


@pytest.mark.contract("notes §6.1", "notes §9.1")
def test_changing_a_block_rewrites_the_content(mine: User, look: Any) -> None:
    note = make(mine, content="# A\n\none two three four\n\nnext paragraph")
    block = note["blocks"][1]
    changed = mine.patch(f"blocks/{block['id']}/", {"text": "one"})
    assert (changed.status_code, changed.json()["text"], changed.json()["id"]) == (200, "one", block["id"])
    assert changed.json()["last_edit"] > block["last_edit"]
    assert read(mine, note)["content"] == "# A\n\none"
    assert words(look, note)[-1] == ("E", 5)
    quoted = mine.patch(f"blocks/{block['id']}/", {"block_type": "Q", "args": "me", "is_AI_generated": "yes"}).json()
    assert (quoted["text"], quoted["args"], quoted["is_AI_generated"]) == ("one", "me", True)
    assert read(mine, note)["content"] == "# A\n\n> one"
    untouched = mine.patch(f"blocks/{block['id']}/", {}).json()
    assert {**untouched, "last_edit": ""} == {**quoted, "last_edit": ""}


@pytest.mark.contract("notes §6.1")
def test_changing_the_kind_keeps_the_text(mine: User) -> None:
    note = make(mine, content="# A\n\none\n\ntwo")
    assert mine.patch(f"blocks/{note['blocks'][1]['id']}/", {"args": "x"}).json()["text"] == "one\n\ntwo"
    assert mine.patch(f"blocks/{note['blocks'][1]['id']}/", {"block_type": "S"}).json()["text"] == "one two"


@pytest.mark.contract("notes §6.1", "notes §9.1")
def test_delete_and_append_leave_no_ties(mine: User, look: Any) -> None:
    note = make(mine, content="# A\n\none two\n\n## B\n\nthree")
    first = note["blocks"][1]["id"]
    assert mine.delete(f"blocks/{first}/").status_code == 204
    assert mine.delete(f"blocks/{first}/").status_code == 404
    assert words(look, note)[-1] == ("E", 2)
    assert read(mine, note)["content"] == "# A\n\n## B\n\nthree"
    mine.post(f"notes/{note['id']}/blocks/", {"block_type": "N", "text": "last"})
    rows = look.all("SELECT position FROM notes.note_index WHERE note_id = %s ORDER BY 1", note["id"])
    assert [row["position"] for row in rows] == [0, 2, 3, 4]
    assert kinds(read(mine, note))[-1] == ("N", "last")


@pytest.mark.contract("notes §6.2")
def test_a_block_call_loses_no_text_that_the_blocks_did_not_hold(mine: User) -> None:
    note = make(mine, content="the long\n\ntext of it", blocks=[{"block_type": "N", "text": "poor"}])
    assert kinds(note) == [("N", "poor")]
    mine.post(f"notes/{note['id']}/blocks/", {"block_type": "N", "text": "more"})
    after = read(mine, note)
    assert after["content"] == "# T\n\npoor\n\nthe long\n\ntext of it\n\nmore"
    assert kinds(after) == [("N", "poor"), ("N", "the long\n\ntext of it"), ("N", "more")]
    other = make(mine, content="kept", blocks=[{"block_type": "N", "text": "a"}, {"block_type": "N", "text": "b"}])
    ids = [block["id"] for block in other["blocks"]]
    mine.post(f"notes/{other['id']}/reorder/", {"ordered_block_ids": ids[::-1]})
    assert read(mine, other)["content"] == "# T\n\nb\n\na\n\nkept"
    mine.delete(f"blocks/{ids[0]}/")
    assert read(mine, other)["content"] == "# T\n\nb\n\nkept"


@pytest.mark.contract("notes §6.4", "notes §1", "notes §3.4", "notes §6.1")
def test_blocks_are_reordered_by_exactly_their_ids(mine: User, look: Any) -> None:
    note = make(mine, content="# A\n\none\n\n## B\n\nthree")
    ids = [block["id"] for block in note["blocks"]]
    path = f"notes/{note['id']}/reorder/"
    wanted = [ids[2], ids[3], ids[0], ids[1]]
    answer = mine.post(path, {"ordered_block_ids": [str(wanted[0]), *wanted[1:]]})
    assert (answer.status_code, list(answer.json())) == (200, ["message"])
    after = read(mine, note)
    assert [block["id"] for block in after["blocks"]] == wanted
    assert after["content"] == "## B\n\nthree\n\n# A\n\none"
    rows = look.all("SELECT position FROM notes.note_index WHERE note_id = %s ORDER BY 1", note["id"])
    assert [row["position"] for row in rows] == [0, 1, 2, 3]
    assert len(words(look, note)) == 1
    for wrong in (ids[:3], [*ids, ids[0]], [*ids, 999999999], [1]):
        refused = mine.post(path, {"ordered_block_ids": wrong})
        assert refused.status_code == 400
        assert [type(text) for text in refused.json()] == [str]
    bodies: list[dict[str, object]] = [
        {},
        {"ordered_block_ids": []},
        {"ordered_block_ids": ["x"]},
        {"ordered_block_ids": 5},
    ]
    for bad in bodies:
        refused = mine.post(path, bad)
        assert (refused.status_code, list(refused.json())) == (400, ["ordered_block_ids"])


@pytest.mark.contract("notes §6.1")
def test_blocks_are_changed_by_their_creator_only(mine: User, other: User, api: Api) -> None:
    note = make(mine, is_public=True)
    block = f"blocks/{note['blocks'][0]['id']}/"
    assert other.patch(block, {"block_type": "X"}).status_code == 403
    assert other.delete(block).status_code == 403
    for path in ("blocks/", "reorder/"):
        assert api.post(f"notes/{note['id']}/{path}").status_code == 401
        assert api.post(f"notes/999999999/{path}").status_code == 401
        assert other.post(f"notes/{note['id']}/{path}").status_code == 403
        assert mine.post(f"notes/999999999/{path}").status_code == 404
        assert mine.get(f"notes/{note['id']}/{path}").status_code == 405
    mine.patch(f"notes/{note['id']}/", {"is_public": False})
    assert isinstance(other.post(f"notes/{note['id']}/blocks/", {}).json(), list)
    for method in ("PATCH", "DELETE"):
        assert api.request(method, block, json={}).status_code == 401
        assert mine.request(method, "blocks/999999999/", json={}).status_code == 404
    assert mine.get(block).status_code == 405


@pytest.mark.contract("decision 11")
def test_blocks_of_a_binned_note(mine: User) -> None:
    note = make(mine)
    mine.delete(f"notes/{note['id']}/")
    block = f"blocks/{note['blocks'][0]['id']}/"
    assert mine.post(f"notes/{note['id']}/blocks/", {"block_type": "N"}).status_code == 404
    assert mine.post(f"notes/{note['id']}/reorder/", {"ordered_block_ids": [1]}).status_code == 404
    assert mine.patch(block, {}).status_code == 404
    assert mine.delete(block).status_code == 404


@pytest.mark.contract("notes §6.1", "notes §2.6")
def test_a_block_without_a_note_can_be_changed(mine: User, look: Any) -> None:
    note = make(mine)
    block = note["blocks"][0]["id"]
    look._connection.execute("UPDATE notes.note_blocks SET note_id = NULL WHERE id = %s", (block,))
    changed = mine.patch(f"blocks/{block}/", {"text": "alone"})
    assert (changed.status_code, changed.json()["text"]) == (200, "alone")
    assert mine.delete(f"blocks/{block}/").status_code == 204


@pytest.mark.contract("notes §2.6", "notes §6.1")
def test_a_transcluded_block_shows_in_both_notes(mine: User, look: Any) -> None:
    source, reader = make(mine, "S", content="# S\n\nshared"), make(mine, "R", content="# R")
    shared = source["blocks"][1]["id"]
    look._connection.execute(
        "INSERT INTO notes.note_index (note_id, block_id, position) VALUES (%s, %s, 7)", (reader["id"], shared)
    )
    assert kinds(read(mine, reader)) == [("T", "R"), ("N", "shared")]
    mine.delete(f"blocks/{shared}/")
    assert kinds(read(mine, reader)) == [("T", "R")]
