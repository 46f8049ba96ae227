"""Importing again: what changed is taken over with a version kept, and no file is dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest
from services.notes.tests.test_notes_import import files_of, notes_of, packed, send_zip, taken
from tests.support.client import User

from notes_service.exchange.importing import BINNED, NEWER_HERE, TWIN
from notes_service.exchange.writing import BEFORE_IMPORT

UUID = "0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10"
VAULT: dict[str, bytes | str] = {
    "Physics/Lens.md": "A lens, see ![[wave.png]] and [[Script.pdf#page=2|the script]].",
    "Physics/wave.png": b"png",
    "Script.pdf": b"pdf",
    "Daily.md": "today",
}


def versions_of(user: User, note: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["reason"], one["content"]) for one in user.get(f"notes/{note['id']}/history/").json()]


def counts(result: dict[str, Any]) -> tuple[int, int, int]:
    assert result["errors"] == []
    return result["imported"], result["updated"], result["unchanged"]


def test_an_edited_vault_updates_its_notes_and_keeps_what_they_said(mine: User) -> None:
    assert counts(send_zip(mine, VAULT)) == (2, 0, 0)
    assert counts(send_zip(mine, VAULT)) == (0, 0, 2)
    before = notes_of(mine)["Lens"]
    edited = {**VAULT, "Physics/Lens.md": str(VAULT["Physics/Lens.md"]) + "\n\nMore. ![[new.png]]", "new.png": b"new"}
    result = send_zip(mine, edited)
    assert counts(result) == (0, 1, 1)
    assert (result["attachments"], result["notices"]) == (1, [])
    after = notes_of(mine)["Lens"]
    assert (after["id"], after["course"]) == (before["id"], before["course"])
    urls = files_of(mine, after)
    assert set(urls) == {"wave.png", "Script.pdf", "new.png"}
    assert after["content"] == f"{before['content']}\n\nMore. ![new.png]({urls['new.png']})"
    assert versions_of(mine, after) == [(BEFORE_IMPORT, before["content"])]
    assert counts(send_zip(mine, edited)) == (0, 0, 2)


def test_a_changed_title_and_fields_are_taken_over(mine: User) -> None:
    text = "---\ntitle: One\ntags: [a]\nrating: 1\n---\nbody"
    send_zip(mine, {"a.md": text})
    result = send_zip(mine, {"a.md": text.replace("One", "Two").replace("rating: 1", "rating: 2")})
    assert counts(result) == (0, 1, 0)
    (note,) = notes_of(mine).values()
    assert (note["title"], note["custom_meta"]) == ("Two", '{"rating": "2"}')


def test_two_files_with_one_uuid_are_two_notes(mine: User) -> None:
    head = f"---\nuuid: {UUID}\ntitle: Same\n---\n"
    files: dict[str, bytes | str] = {"a.md": f"{head}first", "b.md": f"{head}second", "c.md": f"{head}first"}
    result = send_zip(mine, files)
    assert counts(result) == (2, 0, 1)
    assert result["notices"] == [{"file": "b.md", "error": TWIN}]
    own = [mine.get(f"notes/{note['id']}/").json() for note in mine.get("notes/").json() if note["title"] == "Same"]
    assert {note["content"] for note in own} == {"first", "second"}
    again = send_zip(mine, files)
    assert counts(again) == (0, 0, 3)
    assert counts(send_zip(mine, {**files, "b.md": f"{head}third"})) == (0, 1, 2)


def test_a_note_that_was_edited_here_later_is_left_and_named(mine: User) -> None:
    text = "---\nupdated: 2024-01-01\n---\nfrom the vault"
    send_zip(mine, {"a.md": text})
    note = notes_of(mine)["a"]
    mine.patch(f"notes/{note['id']}/", {"content": "edited here"})
    result = send_zip(mine, {"a.md": text})
    assert counts(result) == (0, 0, 1)
    assert result["notices"] == [{"file": "a.md", "error": NEWER_HERE}]
    assert notes_of(mine)["a"]["content"] == "edited here"
    newer = text.replace("2024-01-01", "2099-01-01")  # later than now counts as now
    assert counts(send_zip(mine, {"a.md": newer})) == (0, 1, 0)
    assert versions_of(mine, note) == [(BEFORE_IMPORT, "edited here")]


def test_an_older_export_does_not_undo_what_was_written_since(mine: User) -> None:
    made = mine.post("notes/", {"title": "Kept", "content": "then"}).json()
    export = mine.get("notes/export/").content
    mine.patch(f"notes/{made['id']}/", {"content": "since"})
    result = taken(mine.request("POST", "notes/import/", files={"file": ("x.zip", export)}))
    assert result["updated"] == 0
    assert [one["error"] for one in result["notices"]] == [NEWER_HERE]
    assert notes_of(mine)["Kept"]["content"] == "since"


def test_a_note_in_the_bin_is_left_there_and_named_when_its_file_changed(mine: User) -> None:
    send_zip(mine, {"a.md": "text"})
    mine.delete(f"notes/{notes_of(mine)['a']['id']}/")
    assert send_zip(mine, {"a.md": "text"})["notices"] == []
    result = send_zip(mine, {"a.md": "other text"})
    assert counts(result) == (0, 0, 1)
    assert result["notices"] == [{"file": "a.md", "error": BINNED}]


@pytest.mark.parametrize("change", ["\n", "\r\n"])
def test_white_space_around_a_text_is_no_change(mine: User, change: str) -> None:
    send_zip(mine, {"a.md": "text"})
    assert counts(send_zip(mine, {"a.md": f"text{change}"})) == (0, 0, 1)


def test_an_own_export_is_unchanged_files_comments_and_all(mine: User) -> None:
    note = mine.post("notes/", {"title": "With a file"}).json()
    url = mine.request("POST", f"notes/{note['id']}/attachments/", files={"file": ("a b.png", b"x")}).json()["url"]
    mine.patch(f"notes/{note['id']}/", {"content": f"![a]({url}) ![b]({url}) <img src='{url}'>"})
    mine.post("notes/", {"title": "C", "note_type": "C", "source_note_uuid": note["uuid"], "content": "well"})
    export = mine.get("notes/export/").content
    result = taken(mine.request("POST", "notes/import/", files={"file": ("x.zip", export)}))
    assert (result["updated"], result["unchanged"], result["notices"]) == (0, 3, [])


def test_packing_is_no_change(mine: User) -> None:
    assert counts(send_zip(mine, VAULT)) == (2, 0, 0)
    answer = mine.request("POST", "notes/import/", files={"file": ("again.zip", packed(VAULT))})
    assert counts(taken(answer)) == (0, 0, 2)
