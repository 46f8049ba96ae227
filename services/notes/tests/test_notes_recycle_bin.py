"""Deleting, restoring, emptying (notes §5.8, §7)."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.client import Api, User

from notechondria_launcher.stack import Stack
from notes_service.summaries.schemas import NoteSummary


def make(user: User, title: str = "A note", **more: Any) -> dict[str, Any]:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.contract("notes §5.8", "notes §1", "notes §2.7", "notes §5.2", "notes §7")
def test_delete_moves_to_the_bin_and_makes_private(mine: User, other: User, look: Any) -> None:
    course = mine.post("courses/", {"title": "C"}).json()
    note = make(mine, "Ünicode", description="d", content="some words", course_id=course["id"], is_public=True)
    deleted = mine.delete(f"notes/{note['id']}/")
    assert (deleted.status_code, deleted.content) == (204, b"")
    (binned,) = mine.get("notes/deleted/").json()
    assert re.fullmatch(r".*\+00:00", binned["deleted_at"])
    assert isinstance(binned["recycle_bin_entry_id"], int)
    assert (binned["id"], binned["is_public"], binned["course_id"]) == (note["id"], False, course["id"])
    assert binned["last_edit"] > note["last_edit"]
    assert not {"content", "blocks"} & set(binned)
    assert other.get("notes/deleted/").json() == []
    (entry,) = look.all("SELECT * FROM notes.recycle_bin_entries WHERE note_id = %s", note["id"])
    assert json.loads(entry["metadata_json"]) == {"title": "Ünicode", "description": "d", "course_id": course["id"]}
    assert entry["item_type"] == "note"
    (trashed,) = look.events("note.trashed", note_id=note["id"])
    assert trashed["revision"] == 2
    assert len(look.events("activity.recorded", note_id=note["id"])) == 1


@pytest.mark.contract("notes §5.8", "notes §1", "notes §7")
def test_comments_of_a_deleted_note_become_private(mine: User, other: User, look: Any) -> None:
    note = make(mine, "Discussed", is_public=True)
    comment = make(other, "Comment", is_public=True, note_type="C", source_note_uuid=note["uuid"])
    reply = make(other, "No comment", is_public=True, source_note_uuid=note["uuid"])
    mine.delete(f"notes/{note['id']}/")
    hidden = other.get(f"notes/{comment['id']}/").json()
    assert (hidden["is_public"], hidden["source_note_uuid"]) == (False, note["uuid"])
    assert hidden["last_edit"] == comment["last_edit"]
    assert other.get(f"notes/{reply['id']}/").json()["is_public"] is True
    assert [event["revision"] for event in look.events("note.updated", note_id=comment["id"])] == [2]
    mine.post(f"notes/{note['id']}/restore/")
    assert other.get(f"notes/{comment['id']}/").json()["is_public"] is False


@pytest.mark.contract("notes §7", "notes §2.7")
def test_the_newest_deletion_comes_first(mine: User) -> None:
    ids = [make(mine, f"n{number}")["id"] for number in range(3)]
    for note_id in (ids[1], ids[2], ids[0]):
        mine.delete(f"notes/{note_id}/")
    assert [note["id"] for note in mine.get("notes/deleted/").json()] == [ids[0], ids[2], ids[1]]


ODD_TEXTS = ("", 'a "b" \\ /', "\x01\x02\x1f\x7f\t\r\n", "\u2028 \u00e9 \U0001f600 \u6f22", "</script>&'")
ODD_NOTE = (
    "INSERT INTO notes.notes (creator_id, uuid, sharing_id, title, description, is_public, content, excerpt,"
    " preview_lines, metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, course_id,"
    " source_note_id, date_created, last_edit, deleted_at) VALUES (%s, gen_random_uuid(), gen_random_uuid()::text,"
    " %s, %s, %s, '', %s, %s, '', '', %s, %s, %s, 1, %s, %s, %s, %s, %s) RETURNING id"
)
MANY_DELETED = (
    "INSERT INTO notes.notes (creator_id, uuid, sharing_id, title, is_public, content, excerpt, preview_lines,"
    " metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, date_created, last_edit, deleted_at)"
    " SELECT %s, gen_random_uuid(), gen_random_uuid()::text, 'n' || n, false, '', '', '{}', '', '', 'N', 'G', '', 1,"
    " now(), now(), date_trunc('second', now()) - n / 700 * interval '1 microsecond'"
    " FROM generate_series(1, 2100) n"
)
ENTRIES = (
    "INSERT INTO notes.recycle_bin_entries (note_id, creator_id, item_type, deleted_at, metadata_json, date_created,"
    " last_edit) SELECT id, creator_id, 'note', deleted_at, '', now(), now() FROM notes.notes"
    " WHERE creator_id = %s AND deleted_at IS NOT NULL"
)
DELETED_ROWS = (
    "SELECT n.id, n.deleted_at, e.id AS entry_id FROM notes.notes n"
    " JOIN notes.recycle_bin_entries e ON e.note_id = n.id WHERE n.creator_id = %s AND n.deleted_at IS NOT NULL"
    " ORDER BY n.deleted_at DESC, n.id DESC"
)


@pytest.mark.contract("notes §7", "notes §3.3")
def test_the_bin_is_written_as_single_notes_are(mine: User, other: User, look: Any) -> None:
    course = mine.post("courses/", {"title": 'C "\U0001f600"'}).json()["id"]
    source = make(other, "Theirs", is_public=True)["id"]
    covers = ("", 'user_upload/a b/\u00e9"?#.png', "https://example.org/c.png")
    # Not so long ago that housekeeping takes them, and one of them without microseconds.
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    times = (at, at + timedelta(microseconds=120), at - timedelta(hours=30, microseconds=1))
    for number in range(30):
        text, time = ODD_TEXTS[number % 5], times[number % 3]
        lines = [] if number % 4 == 0 else [text, "second \n line"]
        look._connection.execute(
            ODD_NOTE,
            (
                mine.id, text or "t", None if number % 2 else text, number % 7 == 0, text, lines, "NC"[number % 2],
                "GBP"[number % 3], covers[number % 3], course if number % 4 == 1 else None,
                source if number % 5 == 1 else None, time, times[(number + 1) % 3], time - timedelta(hours=number % 6),
            ),
        )  # fmt: skip
    look._connection.execute(ENTRIES, [mine.id])
    expected = []
    for row in look.all(DELETED_ROWS, mine.id):
        single = mine.get(f"notes/deleted/{row['id']}/").json()
        summary = {name: single[name] for name in NoteSummary.__annotations__}
        deleted_at = row["deleted_at"].astimezone(UTC).isoformat()
        expected.append({**summary, "deleted_at": deleted_at, "recycle_bin_entry_id": row["entry_id"]})
    answer = mine.get("notes/deleted/")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.text == json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
    assert len(expected) == 30


@pytest.mark.contract("notes §7")
def test_a_bin_of_several_slices_is_whole(mine: User, other: User, look: Any) -> None:
    mine.get("notes/")  # from now on there is an author
    look._connection.execute(MANY_DELETED, [mine.id])
    look._connection.execute(ENTRIES, [mine.id])
    # Without its entry a note is in no bin.
    look._connection.execute(
        "DELETE FROM notes.recycle_bin_entries WHERE note_id IN (SELECT id FROM notes.notes WHERE creator_id = %s"
        " AND title IN ('n1', 'n702'))",
        [mine.id],
    )
    shown = [note["id"] for note in mine.get("notes/deleted/").json()]
    assert shown == [row["id"] for row in look.all(DELETED_ROWS, mine.id)]
    assert len(shown) == 2098
    assert other.get("notes/deleted/").json() == []


@pytest.mark.contract("notes §7", "notes §3.4")
def test_a_binned_note_is_restored_privately(mine: User, other: User, api: Api, look: Any) -> None:
    note = make(mine, content="# H\n\nbody", is_public=True)
    path = f"notes/{note['id']}/restore/"
    assert mine.post(path).status_code == 404  # it is not in the bin
    mine.delete(f"notes/{note['id']}/")
    assert other.post(path).status_code == 404
    assert api.post(path).status_code == 401
    restored = mine.post(path)
    assert restored.status_code == 200
    body = restored.json()
    assert "can_edit" not in body
    assert body == {**note, "is_public": False, "last_edit": body["last_edit"]}
    assert mine.get("notes/deleted/").json() == []
    assert mine.post(path).status_code == 404
    assert mine.post("notes/999999999/restore/").status_code == 404
    assert [event["revision"] for event in look.events("note.restored", note_id=note["id"])] == [3]
    assert len(look.events("activity.recorded", note_id=note["id"])) == 1


@pytest.mark.contract("notes §7")
def test_restored_notes_may_be_deleted_again(mine: User, look: Any) -> None:
    note = make(mine)
    for _ in range(2):
        assert mine.delete(f"notes/{note['id']}/").status_code == 204
        assert mine.post(f"notes/{note['id']}/restore/").status_code == 200
    assert look.one("SELECT count(*) FROM notes.recycle_bin_entries WHERE note_id = %s", note["id"]) == 0


@pytest.mark.contract("notes §7", "notes §2.5")
def test_emptying_removes_notes_for_good(mine: User, other: User, api: Api, look: Any) -> None:
    note = make(mine, content="# H\n\nbody", is_public=True)
    comment = make(other, "Comment", note_type="C", source_note_uuid=note["uuid"])
    kept = make(mine, "kept")
    theirs = make(other, "their own")
    for user, gone in ((mine, note), (other, theirs)):
        user.delete(f"notes/{gone['id']}/")
    assert api.request("DELETE", "notes/deleted/empty/").status_code == 401
    answer = mine.delete("notes/deleted/empty/")
    assert (answer.status_code, answer.json()) == (200, {"count": 1, "deleted_count": 1})
    assert mine.get("notes/deleted/").json() == []
    assert mine.post(f"notes/{note['id']}/restore/").status_code == 404
    assert mine.get(f"notes/{kept['id']}/").status_code == 200
    assert [n["id"] for n in other.get("notes/deleted/").json()] == [theirs["id"]]
    assert other.get(f"notes/{comment['id']}/").json()["source_note_uuid"] is None
    for table in ("note_blocks", "note_index", "recycle_bin_entries"):
        assert look.one(f"SELECT count(*) FROM notes.{table} WHERE note_id = %s", note["id"]) == 0
    (purged,) = look.events("note.purged", note_id=note["id"])
    assert (purged["revision"], purged["title"], purged["user_id"]) == (3, "A note", mine.id)
    assert mine.delete("notes/deleted/empty/").json() == {"count": 0, "deleted_count": 0}


@pytest.mark.contract("notes §7")
def test_emptying_removes_files(mine: User, stack: Stack, look: Any) -> None:
    note = make(mine)
    folder = stack.data / "media" / "user_upload" / f"user_{mine.id}" / "notes" / "note_x"
    folder.mkdir(parents=True)
    (folder / "proof.pdf").write_bytes(b"%PDF")
    cover = stack.data / "media" / "user_upload" / "note_covers" / f"{mine.id}.png"
    cover.parent.mkdir(parents=True, exist_ok=True)
    cover.write_bytes(b"png")
    path = f"user_upload/user_{mine.id}/notes/note_x/proof.pdf"
    look._connection.execute(
        "INSERT INTO notes.note_attachments (note_id, file, original_filename, file_size, content_type, date_created)"
        " VALUES (%s, %s, 'proof.pdf', 4, '', now())",
        (note["id"], path),
    )
    look._connection.execute(
        "UPDATE notes.notes SET cover_image = %s WHERE id = %s", (f"user_upload/note_covers/{mine.id}.png", note["id"])
    )
    mine.delete(f"notes/{note['id']}/")
    assert (folder / "proof.pdf").exists()
    mine.delete("notes/deleted/empty/")
    assert not (folder / "proof.pdf").exists()
    assert not cover.exists()


@pytest.mark.contract("notes §7", "notes §2.5", "notes §2.7")
def test_bin_entry_exactly_while_deleted_under_contention(mine: User, look: Any) -> None:
    note = make(mine, content="text", client_draft_id="churn")
    path = f"notes/{note['id']}/"

    def work(number: int) -> int:
        match number % 4:
            case 0:
                return mine.delete(path).status_code
            case 1:
                return mine.post(f"{path}restore/").status_code
            case 2:
                return mine.patch(path, {"content": f"# H\n\n{number}"}).status_code
            case _:
                return mine.post("notes/", {"title": "t", "client_draft_id": "churn"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(48))) <= {200, 204, 404}
    (row,) = look.all("SELECT deleted_at IS NOT NULL AS binned, revision FROM notes.notes WHERE id = %s", note["id"])
    entries = look.one("SELECT count(*) FROM notes.recycle_bin_entries WHERE note_id = %s", note["id"])
    assert entries == int(row["binned"])
    published = look.events("note.%", note_id=note["id"])
    assert [event["revision"] for event in published] == list(range(1, row["revision"] + 1))


@pytest.mark.contract("notes §7")
def test_a_note_in_the_bin_is_read_by_its_owner(mine: User, other: User) -> None:
    note = make(mine, "Looked at again", content="# Looked at again\n\nsome text", is_public=True)
    path = f"notes/deleted/{note['id']}/"
    assert mine.get(path).status_code == 404
    mine.delete(f"notes/{note['id']}/")
    seen = mine.get(path)
    assert seen.status_code == 200
    assert seen.json().keys() == note.keys()
    assert (seen.json()["content"], len(seen.json()["blocks"])) == (note["content"], len(note["blocks"]))
    assert other.get(path).status_code == 404
    assert mine.get("notes/deleted/999999999/").status_code == 404
