"""Access and updates (notes §5.1, §5.6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.client import Api, User


def make(user: User, title: str = "A note", **more: Any) -> dict[str, Any]:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def patch(user: User, note: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = user.patch(f"notes/{note['id']}/", changes)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kinds(note: dict[str, Any]) -> list[tuple[str, str]]:
    return [(block["block_type"], block["text"]) for block in note["blocks"]]


def is_one_string(answer: Any) -> bool:
    body = answer.json()
    return isinstance(body, list) and len(body) == 1 and isinstance(body[0], str)


@pytest.mark.contract("notes §5.1", "notes §2.5", "notes §5.2")
def test_a_private_note_is_refused_to_everybody_else(mine: User, other: User, api: Api) -> None:
    path = f"notes/{make(mine)['id']}/"
    assert mine.get(path).json()["can_edit"] is True
    for answer in (other.get(path), api.get(path), other.patch(path, {"title": ""}), other.delete(path)):
        assert answer.status_code == 400
        assert is_one_string(answer)
    for answer in (api.request("PATCH", path, json={}), api.request("DELETE", path)):
        assert answer.status_code == 401
    assert mine.get(path).json()["title"] == "A note"


@pytest.mark.contract("notes §5.1", "notes §2.5", "notes §5.2")
def test_a_public_note_is_read_by_everybody_and_written_by_its_author(mine: User, other: User, api: Api) -> None:
    note = make(mine, is_public=True)
    path = f"notes/{note['id']}/"
    for reader in (other, api):
        answer = reader.get(path)
        assert (answer.status_code, answer.json()["can_edit"]) == (200, False)
        assert answer.json()["content"] == note["content"]
    for answer in (other.patch(path, {"title": ""}), other.delete(path)):
        assert answer.status_code == 403
        assert list(answer.json()) == ["detail"]
    assert api.request("PATCH", path, json={}).status_code == 401
    assert mine.get(path).json()["title"] == "A note"


@pytest.mark.contract("notes §5.1", "notes §5.2")
def test_unknown_and_deleted_notes_are_404(mine: User, other: User, api: Api) -> None:
    gone = make(mine, is_public=True)["id"]
    mine.delete(f"notes/{gone}/")
    for note_id in (gone, 999999999):
        for user in (mine, other):
            for answer in (
                user.get(f"notes/{note_id}/"),
                user.patch(f"notes/{note_id}/", {"title": ""}),
                user.delete(f"notes/{note_id}/"),
            ):
                assert answer.status_code == 404
                assert list(answer.json()) == ["detail"]
        assert api.get(f"notes/{note_id}/").status_code == 404
        assert api.request("PATCH", f"notes/{note_id}/", json={}).status_code == 401
        assert api.request("DELETE", f"notes/{note_id}/").status_code == 401


@pytest.mark.contract("notes §5.1", "notes §6.1")
def test_other_methods_are_405(mine: User) -> None:
    note = make(mine)["id"]
    for method, path in (("PUT", f"notes/{note}/"), ("POST", f"notes/{note}/"), ("PATCH", "notes/")):
        answer = mine.request(method, path)
        assert (answer.status_code, list(answer.json())) == (405, ["detail"])


def test_endpoints_that_do_not_exist_yet_have_the_three_key_404(mine: User) -> None:
    note = make(mine)["id"]
    answer = mine.get(f"notes/{note}/nowhere/")
    assert (answer.status_code, set(answer.json())) == (404, {"detail", "status_code", "path"})


@pytest.mark.contract("notes §5.6", "notes §2.5", "notes §3.3", "notes §3.4", "notes §5.2", "notes §5.4")
def test_a_patch_changes_plain_fields_only(mine: User) -> None:
    course = mine.post("courses/", {"title": "C"}).json()["id"]
    note = make(mine, content="# A\n\ntext", description="d", metadata_json="m", custom_meta="c", client_draft_id="x")
    changed = patch(
        mine, note, title=" New ", description=None, metadata_json="m2", custom_meta=None, is_public="true",
        editor_mode="B", course_id=course, client_draft_id="y", note_type="C", source_note_uuid=note["uuid"],
    )  # fmt: skip
    assert "can_edit" not in changed
    assert changed == {
        **note,
        "title": "New",
        "description": None,
        "metadata_json": "m2",
        "custom_meta": "",
        "is_public": True,
        "editor_mode": "B",
        "course_id": course,
        "course": changed["course"],
        "last_edit": changed["last_edit"],
    }
    assert changed["course"]["id"] == course
    assert changed["last_edit"] > note["last_edit"]
    # The draft id of the PATCH was ignored: the old one still matches.
    assert mine.post("notes/", {"title": "t", "client_draft_id": "x"}).json()["id"] == note["id"]


@pytest.mark.contract("notes §5.6", "notes §1")
def test_an_empty_patch_refreshes_last_edit_only(mine: User) -> None:
    note = make(mine, content="text", is_public=True)
    touched = patch(mine, note)
    assert touched == {**note, "last_edit": touched["last_edit"]}
    assert touched["last_edit"] > note["last_edit"]


@pytest.mark.contract("notes §5.6", "notes §2.5", "notes §3.3", "notes §5.4")
def test_a_patch_moves_a_note_to_any_existing_course(mine: User, other: User) -> None:
    theirs = other.post("courses/", {"title": "Theirs"}).json()["id"]
    note = make(mine)
    assert patch(mine, note, course_id=theirs)["course_id"] == theirs
    unknown = mine.patch(f"notes/{note['id']}/", {"course_id": 999999999, "title": "not applied"})
    assert (unknown.status_code, list(unknown.json())) == (404, ["detail"])
    assert patch(mine, note)["title"] == "A note"
    assert patch(mine, note, course_id=None)["course"] is None
    patch(mine, note, course_id=theirs)
    assert patch(mine, note, course_id=0)["course_id"] is None


@pytest.mark.contract("notes §5.6", "notes §2.5", "notes §5.4", "notes §6.2", "notes §9.1")
def test_new_content_rebuilds_the_blocks(mine: User, look: Any) -> None:
    note = make(mine, "T", content="one two three")
    before = [block["id"] for block in note["blocks"]]
    changed = patch(mine, note, content="# H\n\nfour five")
    assert (changed["content"], kinds(changed)) == ("# H\n\nfour five", [("T", "H"), ("N", "four five")])
    assert (changed["excerpt"], changed["preview_lines"]) == ("four five", ["four five"])
    assert not {block["id"] for block in changed["blocks"]} & set(before)
    assert patch(mine, note, markdown="from markdown")["content"] == "from markdown"
    assert patch(mine, note, content=" ", markdown="again")["content"] == "again"
    assert patch(mine, note, markdown="")["content"] == "again"
    emptied = patch(mine, note, content="")
    assert (emptied["content"], emptied["blocks"], emptied["excerpt"]) == ("", [], "")
    assert mine.patch(f"notes/{note['id']}/", {"content": None}).status_code == 400
    words = [(f["activity_type"], f["word_count"]) for f in look.events("activity.recorded", note_id=note["id"])]
    # |after - before| or after, whichever is more; emptying counts what went.
    assert words == [("C", 3), ("E", 4), ("E", 2), ("E", 1), ("E", 1), ("E", 1)]


@pytest.mark.contract("notes §5.6", "notes §5.4", "notes §6.1", "notes §6.3", "notes §9.1", "decision 10")
def test_blocks_win_and_regenerate_the_content(mine: User, look: Any) -> None:
    note = make(mine, "T", content="old")
    changed = patch(
        mine,
        note,
        content="ignored",
        title="Named",
        blocks=[
            {"block_type": "S", "text": " Part ", "args": "###"},
            {"block_type": "U", "text": "", "args": "https://a.example"},
            {"block_type": "U", "text": "just text"},
            {"block_type": "C", "text": "x = 1\ny = 2", "args": "python"},
            {"block_type": "Q", "text": "said\nshe"},
            {"block_type": "I", "text": "alt", "args": "https://a.example/i.png"},
            {"block_type": "L", "text": "one\ntwo"},
            {"block_type": "N", "text": "  "},
            {"block_type": "E", "text": "for example"},
        ],
    )
    assert changed["content"].split("\n\n") == [
        "# Named",
        "### Part",
        "[https://a.example](https://a.example)",
        "just text",
        "```python\nx = 1\ny = 2\n```",
        "> said\n> she",
        "![alt](https://a.example/i.png)",
        "- one",
        "- two",
        "for example",
    ]
    assert len(changed["blocks"]) == 9
    titled = patch(mine, note, blocks=[{"block_type": "N", "text": "a"}, {"block_type": "T", "text": ""}])
    assert titled["content"] == "a\n\n# Named"
    emptied = patch(mine, note, blocks=[])
    assert (emptied["content"], emptied["blocks"]) == ("# Named", [])
    refused = mine.patch(f"notes/{note['id']}/", {"blocks": [{"block_type": "zz"}]})
    assert (refused.status_code, list(refused.json())) == (400, ["blocks"])
    assert look.events("activity.recorded", note_id=note["id"])[-2]["word_count"] == 3


@pytest.mark.contract("notes §5.6")
def test_metadata_alone_is_no_activity_and_leaves_blocks(mine: User, look: Any) -> None:
    note = make(mine, content="some words")
    changed = patch(mine, note, metadata_json="{}", title="other")
    assert changed["blocks"] == note["blocks"]
    assert len(look.events("activity.recorded", note_id=note["id"])) == 1
    updated = look.events("note.updated", note_id=note["id"])
    assert [(event["title"], event["revision"]) for event in updated] == [("other", 2)]
    # What no event says is not published, whichever way it is written; the next event has the next revision.
    mark = {"metadata_json": '{"a": 1}', "custom_meta": "c", "editor_mode": "P", "title": "other"}
    assert patch(mine, note, **mark)["metadata_json"] == '{"a": 1}'
    assert mine.patch(f"notes/uuid/{note['uuid']}/", {"metadata_json": "{}", "course_id": None}).status_code == 200
    patch(mine, note, description="about")
    updated = look.events("note.updated", note_id=note["id"])
    assert [(event["description"], event["revision"]) for event in updated] == [("", 2), ("about", 3)]


@pytest.mark.contract("notes §5.7")
def test_last_write_wins_without_gaps_in_the_story(mine: User, look: Any) -> None:
    note = make(mine, content="start")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: patch(mine, note, content=f"# H{n}\n\nbody {n}"), range(16)))
    final = mine.get(f"notes/{note['id']}/").json()
    assert final["content"] in {answer["content"] for answer in answers}
    number = final["content"].split()[-1]
    assert kinds(final) == [("T", f"H{number}"), ("N", f"body {number}")]
    revisions = [event["revision"] for event in look.events("note.%", note_id=note["id"])]
    assert revisions == list(range(1, 18))
    places = [
        row["position"] for row in look.all("SELECT position FROM notes.note_index WHERE note_id = %s", note["id"])
    ]
    assert sorted(places) == [0, 1]


@pytest.mark.contract("notes §12", "notes §1", "notes §5.4", "decision 4")
def test_private_notes_in_foreign_courses_show_to_their_author_only(mine: User, other: User, api: Api) -> None:
    course = other.post("courses/", {"title": "Hosted"}).json()["id"]
    note = make(mine, "hidden", course_id=course)
    for reader, seen in ((mine, [note["id"]]), (other, []), (api, [])):
        assert [n["id"] for n in reader.get(f"courses/{course}/").json()["recent_notes"]] == seen
        listed = reader.get("notes/", params={"course_id": course, "scope": "all"}).json()
        assert [n["id"] for n in listed] == seen
