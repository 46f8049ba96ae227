"""Rows of the contract that take a story of their own: what stays, what goes, what is written down (notes §4-§9)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.support.client import Api, User

from notes_service.values import BLOCK_TYPES


def make(user: User, title: str = "A note", **more: Any) -> dict[str, Any]:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def attach(user: User, note: dict[str, Any], name: str = "a.txt", data: bytes = b"a") -> dict[str, Any]:
    answer = user.request("POST", f"notes/{note['id']}/attachments/", files={"file": (name, data)})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def raw_upload(user: User, path: str, head: str, data: bytes = b"body") -> httpx.Response:
    """A multipart body with exactly this head of its one part."""
    body = f"--x\r\n{head}\r\n\r\n".encode() + data + b"\r\n--x--\r\n"
    return user.request("POST", path, content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})


@pytest.mark.contract("notes §4.3", "notes §4.6")
def test_inboxes_come_first_by_title(mine: User, look: Any) -> None:
    titles = ["b", "Zeta", "ärger", "alpha"]
    ids = {title: mine.post("courses/", {"title": title}).json()["id"] for title in titles}
    look._connection.execute("UPDATE notes.courses SET is_default = true WHERE id = %s", (ids["b"],))
    look._connection.execute(
        "UPDATE notes.courses SET sort_order = 3 WHERE id IN (%s, %s)", (ids["Zeta"], ids["ärger"])
    )
    shown = [c["title"] for c in mine.get("courses/").json() if c["owner"] and c["owner"]["id"] == mine.id]
    assert shown == ["b", "Inbox", "Zeta", "ärger", "alpha"]


@pytest.mark.contract("notes §4.5", "notes §2.1")
def test_slugs_are_cut_and_never_longer_than_120(mine: User, other: User) -> None:
    title = f"{'s' * 60} {mine.id} {'y' * 50}"
    slugs = [user.post("courses/", {"title": title}).json()["slug"] for user in (mine, other)]
    assert slugs[1] == f"{slugs[0]}-2"
    assert len(slugs[0]) == 100
    course = mine.post("courses/", {"title": f"Renamed {mine.id}"}).json()
    assert mine.patch(f"courses/{course['id']}/", {"title": "Other"}).json()["slug"] == course["slug"]


@pytest.mark.contract("notes §4.6")
def test_reading_never_makes_an_inbox(mine: User, look: Any) -> None:
    mine.get("courses/")
    look._connection.execute("DELETE FROM notes.courses WHERE creator_id = %s", (mine.id,))
    for path in ("courses/", "notes/", "front-page/", "activity/"):
        assert mine.get(path).status_code == 200
    assert look.one("SELECT count(*) FROM notes.courses WHERE creator_id = %s", mine.id) == 0


@pytest.mark.contract("notes §4.6")
def test_a_note_in_the_inbox_is_private(mine: User, other: User) -> None:
    inbox = next(c for c in mine.get("courses/").json() if c["is_default"])
    note = make(mine, course_id=inbox["id"])
    assert other.get(f"notes/{note['id']}/").status_code == 400
    assert other.get(f"courses/{inbox['id']}/notes/").json() == []


@pytest.mark.contract("notes §4.6", "notes §4.2")
def test_renaming_to_inbox_without_one(mine: User, look: Any) -> None:
    course = mine.post("courses/", {"title": "Plain"}).json()["id"]
    look._connection.execute("DELETE FROM notes.courses WHERE creator_id = %s AND is_default", (mine.id,))
    renamed = mine.patch(f"courses/{course}/", {"title": "inBOX"})
    assert (renamed.status_code, renamed.json()["title"], renamed.json()["is_default"]) == (200, "inBOX", False)
    assert mine.patch(f"courses/{course}/", {"title": "Plain"}).status_code == 400
    assert mine.delete(f"courses/{course}/").status_code == 400
    again = mine.post("courses/", {"title": "INBOX"})
    assert (again.status_code, again.json()["id"]) == (200, course)


@pytest.mark.contract("notes §4.2", "notes §2.1")
def test_a_new_inbox_is_the_default(mine: User, look: Any) -> None:
    mine.get("courses/")
    look._connection.execute("DELETE FROM notes.courses WHERE creator_id = %s", (mine.id,))
    made = mine.post("courses/", {"title": "iNbox", "description": "own", "icon": 4})
    assert (made.status_code, made.json()["is_default"], made.json()["icon"]) == (201, True, 4)
    assert made.json()["sort_order"] == 0


@pytest.mark.contract("notes §5.3")
def test_scope_all_is_own_and_public_of_others(mine: User, other: User) -> None:
    make(mine, "own")
    public, hidden = make(other, "shown", is_public=True), make(other, "hidden")
    ids = [note["id"] for note in mine.get("notes/?scope=ALL&limit=100").json()["results"]]
    assert public["id"] in ids
    assert hidden["id"] not in ids


@pytest.mark.contract("notes §5.4")
def test_editor_mode_is_the_creators_setting(mine: User) -> None:
    assert mine.patch("settings/", {"editor_mode": "B"}).status_code == 200
    first = make(mine, client_draft_id="mode")
    assert first["editor_mode"] == "B"
    assert make(mine, editor_mode="G")["editor_mode"] == "G"
    # An upsert takes the setting too, a PATCH without the field changes nothing.
    assert mine.patch(f"notes/{first['id']}/", {"editor_mode": "P"}).json()["editor_mode"] == "P"
    assert mine.patch(f"notes/{first['id']}/", {"title": "t"}).json()["editor_mode"] == "P"
    assert mine.post("notes/", {"title": "t", "client_draft_id": "mode"}).json()["editor_mode"] == "B"


@pytest.mark.contract("notes §5.4")
def test_upsert_changes_neither_kind_nor_source(mine: User) -> None:
    first, second = make(mine, "one"), make(mine, "two")
    note = make(mine, client_draft_id="k", source_note_uuid=first["uuid"])
    again = mine.post(
        "notes/", {"title": "t", "client_draft_id": "k", "note_type": "C", "source_note_uuid": second["uuid"]}
    )
    assert (again.status_code, again.json()["id"]) == (200, note["id"])
    assert (again.json()["note_type"], again.json()["source_note_uuid"]) == ("N", first["uuid"])


@pytest.mark.contract("notes §5.4")
def test_upsert_into_an_unknown_course_changes_nothing(mine: User) -> None:
    note = make(mine, client_draft_id="u")
    refused = mine.post("notes/", {"title": "new", "client_draft_id": "u", "course_id": 999999999})
    assert (refused.status_code, list(refused.json())) == (404, ["detail"])
    assert mine.get(f"notes/{note['id']}/").json()["title"] == "A note"


@pytest.mark.contract("notes §5.7")
def test_nothing_else_is_idempotent(mine: User) -> None:
    note = make(mine)
    path = f"notes/{note['id']}/"
    assert make(mine)["id"] != note["id"]
    for end, body in (("snapshot/", {}), ("blocks/", {"block_type": "N", "text": "x"})):
        first, second = (mine.post(path + end, body).json()["id"] for _ in range(2))
        assert first != second
    assert attach(mine, note)["id"] != attach(mine, note)["id"]
    assert len(mine.get(f"{path}history/").json()) == 2
    assert len(mine.get(f"{path}attachments/").json()) == 2


@pytest.mark.contract("notes §5.7", "notes §2.5")
def test_metadata_is_opaque(mine: User) -> None:
    metadata = json.dumps({"course_id": 5, "is_public": True, "title": "other"})
    for text in (metadata, "no json {"):
        note = make(mine, metadata_json=text, custom_meta=text)
        assert (note["metadata_json"], note["custom_meta"]) == (text, text)
        assert (note["course_id"], note["is_public"], note["title"]) == (None, False, "A note")


@pytest.mark.contract("notes §5.8")
def test_everything_of_a_deleted_note_stays(mine: User, api: Api, look: Any) -> None:
    note = make(mine, content="# H\n\nbody")
    path = f"notes/{note['id']}/"
    attached, version = attach(mine, note), mine.post(f"{path}snapshot/").json()
    mine.delete(path)
    (binned,) = mine.get("notes/deleted/").json()
    assert api.http.get(attached["url"], headers=mine.headers).status_code == 200
    restored = mine.post(f"{path}restore/").json()
    assert restored["blocks"] == note["blocks"]
    assert mine.get(f"{path}history/").json() == [version]
    assert mine.get(f"{path}attachments/").json() == [attached]
    mine.delete(path)
    (again,) = mine.get("notes/deleted/").json()
    assert again["deleted_at"] > binned["deleted_at"]
    assert again["recycle_bin_entry_id"] != binned["recycle_bin_entry_id"]


@pytest.mark.contract("notes §6.1", "notes §2.6", "notes §6.3")
@pytest.mark.parametrize("letter", BLOCK_TYPES)
def test_every_kind_of_block_has_its_markdown(mine: User, letter: str) -> None:
    note = make(mine)
    made = mine.post(f"notes/{note['id']}/blocks/", {"block_type": letter, "text": "a\nb\n\nc", "args": "z"})
    assert (made.status_code, made.json()["block_type"]) == (201, letter)
    assert made.json()["text"] == ("a b c" if letter in "TUSI" else "a\nb\nc")
    text = mine.get(f"notes/{note['id']}/").json()["content"]
    assert text == {
        "T": "# A note\n\n# a b c",
        "S": "# A note\n\nz a b c",
        "U": "# A note\n\n[a b c](z)",
        "C": "# A note\n\n```z\na\nb\nc\n```",
        "Q": "# A note\n\n> a\n> b\n> c",
        "I": "# A note\n\n![a b c](z)",
        "L": "# A note\n\n- a\n\n- b\n\n- c",
    }.get(letter, "# A note\n\na\nb\nc")


@pytest.mark.contract("notes §6.1", "notes §2.6", "notes §3.5")
def test_a_block_has_defaults(mine: User) -> None:
    note = make(mine)
    block = mine.post(f"notes/{note['id']}/blocks/", {"block_type": "N"}).json()
    assert (block["text"], block["args"], block["is_AI_generated"], block["image_url"]) == ("", None, False, "")


@pytest.mark.contract("notes §9.1", "notes §12", "decision 5")
@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"block_type": "I", "text": "a b", "args": "http://x"}, 2),
        ({"block_type": "C", "text": "x = 1"}, 5),
        ({"block_type": "L", "text": "a\nb"}, 4),
        ({"block_type": "N", "text": ""}, None),
    ],
)
def test_words_of_a_block_are_those_of_its_markdown(
    mine: User, look: Any, block: dict[str, Any], words: int | None
) -> None:
    note = make(mine)
    mine.post(f"notes/{note['id']}/blocks/", block)
    published = look.events("activity.recorded", note_id=note["id"])
    assert [(event["activity_type"], event["word_count"]) for event in published] == ([("E", words)] if words else [])


@pytest.mark.contract("notes §9.1")
def test_restores_snapshots_and_reorders_are_no_activity(mine: User, look: Any) -> None:
    note = make(mine, content="# H\n\nsome words", client_draft_id="quiet")
    path = f"notes/{note['id']}/"
    before = len(look.events("activity.recorded", user_id=mine.id))
    version = mine.post(f"{path}snapshot/").json()["id"]
    mine.post(f"{path}restore/{version}/")
    ids = [block["id"] for block in mine.get(path).json()["blocks"]]
    assert mine.post(f"{path}reorder/", {"ordered_block_ids": ids[::-1]}).status_code == 200
    mine.patch(path, {"title": "t", "metadata_json": "{}", "is_public": True})
    attach(mine, note)
    mine.delete(path)
    mine.post(f"{path}restore/")
    mine.delete(path)
    mine.delete("notes/deleted/empty/")
    assert len(look.events("activity.recorded", user_id=mine.id)) == before == 1


@pytest.mark.contract("notes §7")
def test_a_restored_note_may_find_itself_in_the_inbox(mine: User) -> None:
    course = mine.post("courses/", {"title": "Gone soon"}).json()["id"]
    inbox = next(c for c in mine.get("courses/").json() if c["is_default"])["id"]
    note = make(mine, course_id=course, is_public=True)
    mine.delete(f"notes/{note['id']}/")
    mine.delete(f"courses/{course}/")
    restored = mine.post(f"notes/{note['id']}/restore/").json()
    assert (restored["course_id"], restored["is_public"]) == (inbox, False)


@pytest.mark.contract("notes §7")
def test_emptying_takes_every_row_along(mine: User, look: Any) -> None:
    note = make(mine, content="# H\n\nbody")
    attach(mine, note)
    mine.post(f"notes/{note['id']}/snapshot/")
    tables = ("note_blocks", "note_index", "note_versions", "note_attachments", "note_search")
    counts = [f"SELECT count(*) FROM notes.{table} WHERE note_id = %s" for table in tables]
    assert all(look.one(count, note["id"]) for count in counts)
    mine.delete(f"notes/{note['id']}/")
    mine.delete("notes/deleted/empty/")
    assert not any(look.one(count, note["id"]) for count in counts)


@pytest.mark.contract("notes §7", "notes §2.7", "notes §3.6")
def test_versions_keep_neither_course_nor_visibility_nor_own_fields(mine: User) -> None:
    version = mine.post(f"notes/{make(mine, custom_meta='m')['id']}/snapshot/").json()
    assert set(version) == {
        "id", "title", "description", "content", "metadata_json", "editor_mode", "reason", "label", "date_created",
    }  # fmt: skip
    assert version["date_created"].endswith("Z")


@pytest.mark.contract("notes §8")
def test_a_part_without_a_type_or_a_name_is_stored(mine: User) -> None:
    path = f"notes/{make(mine)['id']}/attachments/"
    bare = raw_upload(mine, path, 'Content-Disposition: form-data; name="file"; filename="a.bin"')
    assert (bare.status_code, bare.json()["content_type"]) == (201, "")
    nameless = raw_upload(mine, path, 'Content-Disposition: form-data; name="file"; filename=""')
    assert (nameless.status_code, nameless.json()["original_filename"]) == (201, "untitled")
    text = raw_upload(mine, path, 'Content-Disposition: form-data; name="file"')
    assert text.status_code == 400
    assert "No file provided" in text.json()["detail"]


@pytest.mark.contract("notes §8")
def test_last_edit_moves_with_the_cover_only(mine: User, api: Api) -> None:
    note = make(mine)
    path = f"notes/{note['id']}/"
    attached = attach(mine, note)
    mine.delete(f"{path}attachments/{attached['id']}/")
    assert mine.get(path).json()["last_edit"] == note["last_edit"]
    bare = mine.delete(f"{path}cover/").json()
    assert bare["last_edit"] > note["last_edit"]
    assert bare["cover_image_url"] == ""


@pytest.mark.contract("notes §1", "notes §9.1")
def test_today_is_utc(mine: User, look: Any) -> None:
    before = datetime.now(UTC).date().isoformat()
    note = make(mine, content="some words")
    (published,) = look.events("activity.recorded", note_id=note["id"])
    assert before <= published["activity_date"] <= datetime.now(UTC).date().isoformat()


@pytest.mark.contract("notes §1")
def test_timestamps_without_microseconds_are_written_without(mine: User, look: Any) -> None:
    note = make(mine)
    look._connection.execute(
        "UPDATE notes.notes SET date_created = '2026-04-27T11:15:02+02:00', last_edit = '2026-04-27T09:15:02.184311Z'"
        " WHERE id = %s",
        (note["id"],),
    )
    shown = mine.get(f"notes/{note['id']}/").json()
    assert (shown["date_created"], shown["last_edit"]) == ("2026-04-27T09:15:02Z", "2026-04-27T09:15:02.184311Z")


@pytest.mark.contract("notes §5.4")
def test_the_editors_body_is_taken_literally(mine: User) -> None:
    course = mine.post("courses/", {"title": "C"}).json()["id"]
    note = make(mine, content="old", course_id=course, is_public=True, custom_meta="stays")
    saved = mine.patch(
        f"notes/{note['id']}/",
        {"title": "T", "description": "", "course_id": None, "is_public": False, "content": "# T\n\nnew",
         "metadata_json": "{}", "editor_mode": "G"},
    ).json()  # fmt: skip
    assert (saved["course_id"], saved["is_public"], saved["content"]) == (None, False, "# T\n\nnew")
    assert (saved["description"], saved["metadata_json"], saved["editor_mode"]) == ("", "{}", "G")
    assert saved["custom_meta"] == "stays"


@pytest.mark.contract("notes §5.6", "notes §7")
def test_no_version_is_taken_on_save(mine: User) -> None:
    note = make(mine, client_draft_id="v")
    path = f"notes/{note['id']}/"
    mine.patch(path, {"content": "new"})
    mine.patch(path, {"blocks": [{"text": "newer"}]})
    mine.post("notes/", {"title": "t", "client_draft_id": "v"})
    mine.delete(path)
    mine.post(f"{path}restore/")
    assert mine.get(f"{path}history/").json() == []


@pytest.mark.contract("notes §6.3")
def test_an_image_without_an_address_is_its_text(mine: User) -> None:
    note = make(mine)
    blocks = [{"block_type": kind, "text": f"plain {kind}"} for kind in "IUS"]
    changed = mine.patch(f"notes/{note['id']}/", {"blocks": blocks}).json()
    assert changed["content"] == "# A note\n\nplain I\n\nplain U\n\n## plain S"
