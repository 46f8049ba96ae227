"""A note made of blocks only has their text everywhere (decision 52)."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from services.notes.tests.test_notes_exchange import exported, imported, packed
from tests.support.client import User

from notechondria_launcher.stack import Stack
from notes_service.blocks.blank_texts import fill_blank_texts

BLOCKS = [
    {"block_type": "N", "text": "The mitochondrion is the powerhouse"},
    {"block_type": "C", "text": "print('ATP')", "args": "python"},
    {"block_type": "Q", "text": "Quoted words", "args": "Margulis", "is_AI_generated": True},
    {"block_type": "I", "text": "a picture", "args": "https://a.example/x.png"},
]
TEXT = (
    "# Cells\n\nThe mitochondrion is the powerhouse\n\n```python\nprint('ATP')\n```\n\n> Quoted words\n\n"
    "![a picture](https://a.example/x.png)"
)


def kinds(note: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(one["block_type"], one["text"], one["args"], one["is_AI_generated"]) for one in note["blocks"]]


@pytest.mark.contract("notes §5.5", "decision 52")
@pytest.mark.parametrize("blank", [{}, {"content": ""}, {"content": " \n"}, {"markdown": ""}])
def test_its_text_is_what_the_blocks_render_to(mine: User, look: Any, blank: dict[str, str]) -> None:
    note = mine.post("notes/", {"title": "Cells", "blocks": BLOCKS, **blank}).json()
    assert note["content"] == TEXT
    assert note["excerpt"].startswith("The mitochondrion is")
    assert [block["block_type"] for block in note["blocks"]] == ["N", "C", "Q", "I"]
    (row,) = look.events("activity.recorded", note_id=note["id"])
    assert row["word_count"] == len(TEXT.split())
    assert [one["id"] for one in mine.get("notes/?q=powerhouse").json()] == [note["id"]]
    assert [one["id"] for one in mine.get("notes/?contains=print('ATP')").json()] == [note["id"]]
    (path,) = [name for name in exported(mine) if "Cells" in name]
    assert exported(mine)[path].decode().endswith(TEXT)


@pytest.mark.contract("notes §7")
def test_a_version_of_it_brings_its_text_back(mine: User) -> None:
    note = mine.post("notes/", {"title": "Cells", "blocks": BLOCKS}).json()
    version = mine.post(f"notes/{note['id']}/snapshot/").json()
    assert version["content"] == TEXT
    mine.patch(f"notes/{note['id']}/", {"content": "something else"})
    back = mine.post(f"notes/{note['id']}/restore/{version['id']}/").json()
    assert back["content"] == TEXT
    assert "powerhouse" in "".join(block["text"] for block in back["blocks"])


@pytest.mark.contract("notes §5.5")
def test_saving_the_draft_again_with_blocks_only_has_their_text(mine: User) -> None:
    draft = {"title": "Cells", "client_draft_id": "blocks-only"}
    first = mine.post("notes/", {**draft, "content": "typed"}).json()
    again = mine.post("notes/", {**draft, "blocks": BLOCKS}).json()
    assert (again["id"], again["content"]) == (first["id"], TEXT)
    emptied = mine.post("notes/", draft).json()
    assert (emptied["content"], emptied["blocks"][0]["text"]) == ("", "Cells")


def test_its_blocks_come_back_as_they_were(mine: User, other: User) -> None:
    note = mine.post("notes/", {"title": "Cells", "blocks": BLOCKS}).json()
    beside = mine.post("notes/", {"title": "Beside", "content": "a text\n\nof its own", "blocks": BLOCKS}).json()
    plain = mine.post("notes/", {"title": "Plain", "content": "# Plain\n\ntext"}).json()
    made = {one["title"]: one for one in (note, beside, plain)}
    export = exported(mine)
    assert imported(other, packed(export))["errors"] == []
    for one in other.get("notes/").json():
        if before := made.get(one["title"]):
            copy = other.get(f"notes/{one['id']}/").json()
            assert (copy["content"], kinds(copy)) == (before["content"], kinds(before))
    assert imported(other, packed(export))["updated"] == 0
    files = {name: data.decode() for name, data in export.items() if name.endswith(".md")}
    with_blocks = {name.split("/")[-1][:5] for name, text in files.items() if "\nblocks: " in text}
    assert with_blocks - {"Welco"} == {"Cells", "Besid"}


def test_blocks_with_a_blank_text_from_before_get_their_text(mine: User, stack: Stack, look: Any) -> None:
    note = mine.post("notes/", {"title": "Cells", "blocks": BLOCKS}).json()
    described = mine.post("notes/", {"title": "Described", "description": "# Two\n\nwords"}).json()
    titled = mine.post("notes/", {"title": "Titled"}).json()
    ids = [note["id"], described["id"], titled["id"]]
    look.all("UPDATE notes.notes SET content = '', excerpt = '' WHERE id = ANY(%s) RETURNING 1", ids)
    with psycopg.connect(stack.admin_database_url, autocommit=True) as connection:
        assert fill_blank_texts(connection) >= 1
    filled = mine.get(f"notes/{note['id']}/").json()
    assert (filled["content"], filled["excerpt"]) == (TEXT, note["excerpt"])
    assert mine.get(f"notes/{described['id']}/").json()["content"] == ""
    assert mine.get(f"notes/{titled['id']}/").json()["content"] == ""
    assert [one["id"] for one in mine.get("notes/?q=powerhouse").json()] == [note["id"]]
