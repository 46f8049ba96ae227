"""Export and import, and what identity collects for the export of an account."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import JsonValue
from tests.support.client import Api, User

from notechondria_launcher.stack import Stack
from notes_service.exchange import front_matter

MIB = 1024 * 1024
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

OWN = '---\nuuid: "7d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10"\nmetadata_json: ""\ncustom_meta: ""\nx: 1\n---\n\ntext'


def packed(files: Mapping[str, bytes | str], **more: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, **more)
    return buffer.getvalue()


def bring_in(user: User | Api, data: bytes) -> httpx.Response:
    return user.request("POST", "notes/import/", files={"file": ("notes.zip", data)})


def imported(user: User, data: bytes) -> dict[str, Any]:
    answer = bring_in(user, data)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return {name: body[name] for name in ("imported", "updated", "unchanged", "attachments", "errors", "notices")}


def exported(user: User) -> dict[str, bytes]:
    answer = user.get("notes/export/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def notes_of(user: User) -> dict[str, dict[str, Any]]:
    listed = [user.get(f"notes/{note['id']}/").json() for note in user.get("notes/").json()]
    return {note["title"]: note for note in listed}


def own_courses(user: User) -> list[dict[str, Any]]:
    """Those of the user alone: template courses come in the moments after a start."""
    return [one for one in user.get("courses/").json() if one["owner"] and one["owner"]["id"] == user.id]


def test_what_is_exported_can_be_imported_by_somebody_else(mine: User, other: User, api: Api) -> None:
    course = mine.post("courses/", {"title": "Algebra / Räume", "description": "d", "icon": 7}).json()
    mine.post("courses/", {"title": "Empty"})
    mine.post("courses/reorder/", {"course_ids": [course["id"]]})
    note = mine.post(
        "notes/",
        {"title": "Ünder: the 'hood'", "description": 'quo"ted', "content": "# H\n\n---\n\n```\nx\n```\n\n日本",
         "course_id": course["id"], "is_public": True, "editor_mode": "B", "metadata_json": '{"a": 1}',
         "custom_meta": '{"k": "v"}'},
    ).json()  # fmt: skip
    path = f"notes/{note['id']}/"
    url = mine.request(
        "POST", f"{path}attachments/", files={"file": ("proof.pdf", b"%PDF" * 9999, "application/pdf")}
    ).json()["url"]
    content = f"{note['content']}\n\n[proof]({url}) and [elsewhere](https://a.example/media/x)"
    note = mine.patch(path, {"content": content}).json()
    mine.post(f"{path}snapshot/", {"reason": "autosave_1h"})
    cover = mine.request("POST", f"{path}cover/", files={"cover": ("c.png", PICTURE)}).json()["cover_image_url"]
    comment = mine.post("notes/", {"title": "C", "note_type": "C", "source_note_uuid": note["uuid"]}).json()
    gone = mine.post("notes/", {"title": "binned", "content": "rests", "source_note_uuid": note["uuid"]}).json()
    mine.delete(f"notes/{gone['id']}/")
    note = mine.get(path).json()
    files = exported(mine)
    assert json.loads(files["courses.json"])["format"] == 1
    assert {c["title"] for c in json.loads(files["courses.json"])["courses"]} == {"Inbox", "Algebra / Räume", "Empty"}
    texts = [name.split("/")[0] for name in files if name.endswith(".md")]
    assert sorted(texts) == ["deleted", "notes", "notes", "notes"]
    assert api.http.get(url).content in files.values()
    assert api.http.get(cover).content in files.values()

    result = imported(other, packed(files))
    assert result == {"imported": 4, "updated": 0, "unchanged": 0, "attachments": 1, "errors": [], "notices": []}
    copies = notes_of(other)
    copy = copies["Ünder: the 'hood'"]
    kept = ("description", "is_public", "editor_mode", "metadata_json", "custom_meta", "note_type", "date_created",
            "last_edit")  # fmt: skip
    assert {name: copy[name] for name in kept} == {name: note[name] for name in kept}
    assert copy["uuid"] != note["uuid"]  # made by the server, for each note its own
    (attached,) = other.get(f"notes/{copy['id']}/attachments/").json()
    assert (attached["original_filename"], attached["content_type"]) == ("proof.pdf", "application/pdf")
    assert attached["url"] != url
    assert api.http.get(attached["url"]).content == b"%PDF" * 9999
    assert copy["content"] == content.replace(url, attached["url"])
    assert copy["cover_image_url"] not in {"", cover}
    assert api.http.get(copy["cover_image_url"]).content == PICTURE
    versions = [
        [{**version, "id": 0} for version in user.get(f"notes/{one['id']}/history/").json()]
        for user, one in ((mine, note), (other, copy))
    ]
    moved = [{**version, "content": version["content"].replace(url, attached["url"])} for version in versions[0]]
    assert moved == versions[1]
    assert len(versions[0]) == 1
    assert copies["C"]["source_note_uuid"] == copy["uuid"]  # not the one it was made of
    assert comment["source_note_uuid"] == note["uuid"]
    (binned,) = other.get("notes/deleted/").json()
    assert (binned["title"], binned["excerpt"], binned["source_note_uuid"]) == ("binned", "rests", copy["uuid"])
    own = {c["title"]: c for c in other.get("courses/").json() if c["owner"] and c["owner"]["id"] == other.id}
    assert set(own) == {"Inbox", "Algebra / Räume", "Empty"}
    like = own["Algebra / Räume"]
    assert (like["description"], like["icon"], like["sort_order"]) == ("d", 7, 1)
    assert copy["course_id"] == like["id"] != course["id"]

    # Again, by both: nothing changes.
    for user in (mine, other):
        before = notes_of(user), user.get("notes/deleted/").json(), own_courses(user)
        again = imported(user, packed(files))
        assert again == {"imported": 0, "updated": 0, "unchanged": 4, "attachments": 0, "errors": [], "notices": []}
        assert (notes_of(user), user.get("notes/deleted/").json(), own_courses(user)) == before


def test_broken_parts_of_an_export_are_named_and_the_note_imported(mine: User) -> None:
    fields: dict[str, JsonValue] = {
        "uuid": "0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10",
        "metadata_json": "",
        "custom_meta": "",
        "title": "Torn",
        "cover": "covers/c.png",
        "versions": "versions/v.json",
        "attachments": [{"path": "attachments/missing.pdf"}, {"path": 5}, 7],
        "source_note_uuid": "00000000-0000-4000-8000-000000000000",
    }
    files: dict[str, bytes | str] = {
        "notes/torn.md": front_matter.write(fields, "body"),
        "covers/c.png": b"no picture",
        "versions/v.json": "[{]",
        "courses.json": json.dumps({"format": 1, "courses": [{"title": "x" * 121}, 5, {"title": "Fine", "icon": "?"}]}),
    }
    result = imported(mine, packed(files))
    assert (result["imported"], result["attachments"]) == (1, 0)
    assert [problem["file"] for problem in result["errors"]] == [
        "courses.json", "courses.json", "courses.json", "versions/v.json", "attachments/missing.pdf", "covers/c.png",
    ]  # fmt: skip
    torn = notes_of(mine)["Torn"]
    assert (torn["content"], torn["cover_image_url"], torn["source_note_uuid"]) == ("body", "", None)
    odd = imported(mine, packed({"courses.json": "{", "a.md": OWN.replace("x: 1", 'versions: "v"'), "v": '[{"a":1}]'}))
    assert (odd["imported"], [problem["file"] for problem in odd["errors"]]) == (1, ["courses.json", "v"])


def test_broken_files_are_named_and_the_rest_imported(mine: User) -> None:
    data = packed(
        {
            "bad/latin.md": "grün".encode("latin-1"),
            "bad/mode.md": OWN.replace("x: 1", 'editor_mode: "Z"'),
            "bad/course.md": OWN.replace("x: 1", 'course: "nul\\u0000"'),
            "bad/lone.md": OWN.replace("x: 1", 'course: "\\ud800"'),
            "bad/nul.md": "a\x00b",
            "bad/large.md": b"x" * (21 * MIB),
            "good.md": "fine",
        }
    )
    result = imported(mine, data)
    assert result["imported"] == 1
    assert [problem["file"] for problem in result["errors"]] == [
        "bad/course.md", "bad/large.md", "bad/latin.md", "bad/lone.md", "bad/mode.md", "bad/nul.md",
    ]  # fmt: skip
    assert all(problem["error"] for problem in result["errors"])
    assert not any(course["title"] == "bad" for course in mine.get("courses/").json())
    body = bytearray(packed({"torn.md": "some text that is long enough to be torn apart " * 9, "whole.md": "w"}))
    start = body.index(b"torn.md") + len("torn.md") + 4
    body[start : start + 8] = bytes(8)
    torn = imported(mine, bytes(body))
    assert (torn["imported"], [problem["file"] for problem in torn["errors"]]) == (1, ["torn.md"])


def test_lies_and_nonsense_are_refused(mine: User, api: Api) -> None:
    for data in (b"no zip", b"", packed({"a.md": "x"})[:-30]):
        answer = bring_in(mine, data)
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    lying = bytearray(packed({"a.md": bytes(30 * MIB)}, compress_type=zipfile.ZIP_DEFLATED))
    place = lying.rindex(b"PK\x01\x02") + 24
    lying[place : place + 4] = (10).to_bytes(4, "little")  # it says that it is ten bytes long
    result = imported(mine, bytes(lying))
    assert (result["imported"], len(result["errors"])) == (0, 1)
    assert bring_in(api, packed({})).status_code == 401
    assert mine.post("notes/import/", {}).status_code == 400
    assert api.get("notes/export/").status_code == 401


def test_front_matter_comes_back() -> None:
    fields: dict[str, JsonValue] = {"title": 'a "b": c', "list": [{"a": 1}], "none": None, "yes": True}
    for body in ("text\n---\nmore", "", "---\nx: 1\n---\n", "two\r\nlines"):
        assert front_matter.read(front_matter.write(fields, body)) == (fields, body)


def test_export_for_identity(mine: User, other: User, api: Api, stack: Stack) -> None:
    note = mine.post("notes/", {"title": "Kept", "content": "text"}).json()
    url = mine.request("POST", f"notes/{note['id']}/attachments/", files={"file": ("a.txt", b"a")}).json()["url"]
    mine.post(f"notes/{note['id']}/snapshot/")
    gone = mine.post("notes/", {"title": "Binned"}).json()
    mine.delete(f"notes/{gone['id']}/")
    other.post("notes/", {"title": "Theirs"})
    path = f"{stack.service_url('notes')}/internal/users/{mine.id}/export"
    assert api.http.get(path).status_code == 403
    answer = api.http.get(path, headers=stack.internal_header("notes", "identity"))
    assert answer.status_code == 200
    body = answer.json()
    assert (set(body), body["service"]) == ({"service", "data", "files"}, "notes")
    assert {n["title"] for n in body["data"]["notes"]} == {"Kept", "Binned", "Welcome to Notechondria"}
    assert [len(body["data"][name]) for name in ("versions", "attachments", "recycle_bin")] == [1, 1, 1]
    assert [url.endswith(file) for file in body["files"]] == [True]
