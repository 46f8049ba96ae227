"""Export and import, and what identity collects for the export of an account."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from typing import Any

import httpx
import pytest
from tests.support.client import Api, User

from notechondria_local.stack import Stack
from notes_service.exchange import front_matter

MIB = 1024 * 1024


def packed(files: dict[str, bytes | str], **more: Any) -> bytes:
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
    return body


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


def test_what_is_exported_can_be_imported_by_somebody_else(mine: User, other: User, api: Api) -> None:
    course = mine.post("courses/", {"title": "Algebra / Räume", "description": "d"}).json()
    note = mine.post(
        "notes/",
        {"title": "Ünder: the 'hood'", "description": 'quo"ted', "content": "# H\n\n---\n\n```\nx\n```\n\n日本",
         "course_id": course["id"], "is_public": True, "editor_mode": "B", "metadata_json": '{"a": 1}',
         "custom_meta": '{"k": "v"}'},
    ).json()  # fmt: skip
    url = mine.request(
        "POST", f"notes/{note['id']}/attachments/", files={"file": ("proof.pdf", b"%PDF" * 9999, "application/pdf")}
    ).json()["url"]
    gone = mine.post("notes/", {"title": "binned"}).json()
    mine.delete(f"notes/{gone['id']}/")
    files = exported(mine)
    assert json.loads(files["courses.json"])["format"] == 1
    assert {c["title"] for c in json.loads(files["courses.json"])["courses"]} == {"Inbox", "Algebra / Räume"}
    assert sum(name.endswith(".md") for name in files) == 2
    assert api.http.get(url).content in files.values()
    result = imported(other, packed(files))
    assert result == {"imported": 2, "unchanged": 0, "attachments": 1, "errors": []}
    copy = notes_of(other)["Ünder: the 'hood'"]
    kept = ("description", "content", "is_public", "editor_mode", "metadata_json", "custom_meta", "note_type")
    assert {name: copy[name] for name in kept} == {name: note[name] for name in kept}
    assert copy["course"]["title"] == "Algebra / Räume"
    assert copy["course"]["id"] != course["id"]
    assert copy["uuid"] != note["uuid"]  # made by the server, for each note its own
    (attached,) = other.get(f"notes/{copy['id']}/attachments/").json()
    assert (attached["original_filename"], attached["content_type"]) == ("proof.pdf", "application/pdf")
    assert api.http.get(attached["url"]).content == b"%PDF" * 9999
    # Again, by both: nothing changes.
    for user in (mine, other):
        before = notes_of(user)
        again = imported(user, packed(files))
        assert again == {"imported": 0, "unchanged": 2, "attachments": 0, "errors": []}
        assert notes_of(user) == before


def test_a_folder_of_obsidian_or_joplin(mine: User, api: Api) -> None:
    vault = {
        "Vault/.obsidian/app.json": "{}",
        "Vault/Physics/Waves.md": "---\ntags:\n- a\n- b\nsome thing\n---\n"
        "See ![[wave.png|300]] and [p](../files/p%20q.pdf)",
        "Vault/Physics/images/wave.png": b"png",
        "Vault/files/p q.pdf": b"pdf",
        "Vault/Plain.md": "\ufeffno front matter\r\nsecond [web](https://a.example/x.png) [md](Physics/Waves.md)",
        "Vault/Titled.md": "---\ntitle: 'It''s titled'\ncompleted?: no\n---\n\nbody",
        "Top.markdown": "---\nnot closed",
    }  # fmt: skip
    result = imported(mine, packed(vault))
    assert result == {"imported": 4, "unchanged": 0, "attachments": 2, "errors": []}
    notes = notes_of(mine)
    waves = notes["Waves"]
    assert waves["course"]["title"] == "Physics"
    urls = {a["original_filename"]: a["url"] for a in mine.get(f"notes/{waves['id']}/attachments/").json()}
    assert waves["content"] == f"See ![wave.png]({urls['wave.png']}) and [p]({urls['p q.pdf']})"
    assert api.http.get(urls["wave.png"]).content == b"png"
    assert notes["Plain"]["content"].startswith("no front matter\nsecond [web](https://a.example/x.png)")
    assert notes["Plain"]["course"]["title"] == "Vault"
    assert (notes["It's titled"]["content"], notes["Top"]["course"]) == ("body", None)
    assert notes["Top"]["content"] == "---\nnot closed"
    assert imported(mine, packed(vault))["unchanged"] == 4


def test_broken_files_are_named_and_the_rest_imported(mine: User) -> None:
    data = packed(
        {
            "bad/latin.md": "grün".encode("latin-1"),
            "bad/mode.md": '---\neditor_mode: "Z"\n---\nx',
            "bad/nul.md": "a\x00b",
            "bad/large.md": b"x" * (5 * MIB),
            "good.md": "fine",
        }
    )
    result = imported(mine, data)
    assert result["imported"] == 1
    assert [problem["file"] for problem in result["errors"]] == [
        "bad/large.md", "bad/latin.md", "bad/mode.md", "bad/nul.md",
    ]  # fmt: skip
    assert all(problem["error"] for problem in result["errors"])
    assert not any(course["title"] == "bad" for course in mine.get("courses/").json())
    body = bytearray(packed({"torn.md": "some text that is long enough to be torn apart " * 9, "whole.md": "w"}))
    start = body.index(b"torn.md") + len("torn.md") + 4
    body[start : start + 8] = bytes(8)
    torn = imported(mine, bytes(body))
    assert (torn["imported"], [problem["file"] for problem in torn["errors"]]) == (1, ["torn.md"])


@pytest.mark.parametrize(
    "name", ["../evil.md", "/etc/evil.md", "a/../../evil.md", "a\\..\\evil.md", "C:/evil.md", "a//b.md", "./a.md"]
)
def test_paths_that_lead_out_are_refused(mine: User, name: str) -> None:
    answer = bring_in(mine, packed({"ok.md": "x", name: "evil"}))
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert "ok" not in notes_of(mine)


def test_links_are_refused(mine: User) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert bring_in(mine, buffer.getvalue()).status_code == 400


def test_bombs_and_nonsense_are_refused(mine: User, api: Api) -> None:
    bomb = packed({f"{number}.md": bytes(30 * MIB) for number in range(9)}, compress_type=zipfile.ZIP_DEFLATED)
    many = packed({f"{number}.txt": "" for number in range(10_001)})
    for data in (bomb, many, b"no zip", b"", packed({"a.md": "x"})[:-30]):
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
    fields = {"title": 'a "b": c', "list": [{"a": 1}], "none": None, "yes": True}
    for body in ("text\n---\nmore", "", "---\nx: 1\n---\n"):
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
    answer = api.http.get(path, headers={"X-Internal-Token": stack.internal_token})
    assert answer.status_code == 200
    body = answer.json()
    assert (set(body), body["service"]) == ({"service", "data", "files"}, "notes")
    assert {n["title"] for n in body["data"]["notes"]} == {"Kept", "Binned", "Welcome to Notechondria"}
    assert [len(body["data"][name]) for name in ("versions", "attachments", "recycle_bin")] == [1, 1, 1]
    assert [url.endswith(file) for file in body["files"]] == [True]
