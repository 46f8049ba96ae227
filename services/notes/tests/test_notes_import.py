"""Folders of markdown as Obsidian and Joplin export them, zipped or sent file by file (issue: export and import)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.support.client import Api, User
from tests.support.processor import at_most
from tests.support.replica import another

from notechondria_launcher.stack import Stack
from notes_service.exchange import front_matter, links
from notes_service.exchange.reading import read_note

VAULT: dict[str, bytes | str] = {
    ".obsidian/app.json": "{}",
    ".obsidian/plugins/x/README.md": "no note",
    "Physics/Optics/Lens.md": "---\ntags: [light, glass/thin]\naliases:\n  - Lentil\ncreated: 2024-02-03\n---\n"
    "See [[Waves]] and [[Waves|them]].\n\n![[wave.png|300]] ![[Waves]] ![a](../../attachments/wave.png)",
    "Physics/Waves.md": '# On waves\n\n![img](attachments/p%20q.png) [p](<attachments/p q.png> "Title") [[wave.png]]',
    "Physics/attachments/p q.png": b"pq",
    "attachments/wave.png": b"png",
    "attachments/never shown.png": b"x",
    "Daily.md": "---\ntitle: 'It''s titled: today'\ncssclass: wide\n---\n\n"
    "[web](https://a.example/x.png) [n](Physics/Waves.md)",
}
JOPLIN: dict[str, bytes | str] = {
    "Trips/Rome/Day one.md": '---\ntitle: "Day one: arrival"\nupdated: 2023-05-02 10:30:00Z\n'
    "created: 2023-05-01 08:00:00Z\nlatitude: 41.90270000\nlongitude: 12.49620000\naltitude: 0.0000\n"
    "completed?: no\ntags:\n  - italy\n  - to do\n---\n\n![photo.jpg](../../_resources/photo.jpg)\n"
    '<img src="../../_resources/map (1).png" width="40"/> [map](<../../_resources/map (1).png>)',
    "Trips/List.md": "---\ntitle: List\n---\n\n- one",
    "_resources/photo.jpg": b"jpg",
    "_resources/map (1).png": b"map",
}

SUMMARY = ("imported", "updated", "unchanged", "attachments", "errors", "notices")
"""What clients from before know; `files` has a test of its own."""


def packed(files: Mapping[str, bytes | str], below: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(below + name, data)
    return buffer.getvalue()


def send_zip(user: User, files: dict[str, bytes | str], below: str = "") -> dict[str, Any]:
    return taken(user.request("POST", "notes/import/", files={"file": ("vault.zip", packed(files, below))}))


def send_parts(user: User, files: dict[str, bytes | str], below: str = "") -> dict[str, Any]:
    parts = [("file", (below + name, data)) for name, data in files.items()]
    return taken(user.request("POST", "notes/import/", files=parts))


def taken(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return {name: body[name] for name in SUMMARY}


def notes_of(user: User) -> dict[str, dict[str, Any]]:
    listed = [user.get(f"notes/{note['id']}/").json() for note in user.get("notes/").json()]
    return {note["title"]: note for note in listed if not note["title"].startswith("Welcome")}


def files_of(user: User, note: dict[str, Any]) -> dict[str, str]:
    return {a["original_filename"]: a["url"] for a in user.get(f"notes/{note['id']}/attachments/").json()}


def courses_of(notes: dict[str, dict[str, Any]]) -> dict[str, str | None]:
    return {title: note["course"] and note["course"]["title"] for title, note in notes.items()}


@pytest.mark.parametrize(
    ("send", "below", "loose"),
    [(send_zip, "", None), (send_zip, "My vault/", "My vault"), (send_parts, "My vault/", "My vault")],
)
def test_an_obsidian_vault(mine: User, api: Api, send: Any, below: str, loose: str | None) -> None:
    assert send(mine, VAULT, below) == {
        "imported": 3,
        "updated": 0,
        "unchanged": 0,
        "attachments": 3,
        "errors": [],
        "notices": [],
    }
    notes = notes_of(mine)
    assert courses_of(notes) == {"Lens": "Physics", "On waves": "Physics", "It's titled: today": loose}
    lens, waves, daily = notes["Lens"], notes["On waves"], notes["It's titled: today"]
    assert lens["date_created"] == "2024-02-03T00:00:00Z"
    assert json.loads(lens["metadata_json"]) == {"tags": ["light", "glass/thin"]}
    assert json.loads(lens["custom_meta"]) == {"aliases": ["Lentil"]}
    (url,) = files_of(mine, lens).values()
    assert lens["content"] == f"See [[Waves]] and [[Waves|them]].\n\n![wave.png|300]({url}) ![[Waves]] ![a]({url})"
    assert api.http.get(url).content == b"png"
    urls = files_of(mine, waves)
    assert {name: api.http.get(url).content for name, url in urls.items()} == {"p q.png": b"pq", "wave.png": b"png"}
    url, wave = urls["p q.png"], urls["wave.png"]
    assert waves["content"] == f'# On waves\n\n![img]({url}) [p]({url} "Title") [wave.png]({wave})'
    assert daily["content"] == "[web](https://a.example/x.png) [n](Physics/Waves.md)"
    assert json.loads(daily["custom_meta"]) == {"cssclass": "wide"}
    assert send(mine, VAULT, below) == {
        "imported": 0,
        "updated": 0,
        "unchanged": 3,
        "attachments": 0,
        "errors": [],
        "notices": [],
    }
    assert notes_of(mine) == notes


@pytest.mark.parametrize(
    ("send", "below"), [(send_zip, ""), (send_zip, "export/"), (send_parts, "export/"), (send_parts, "")]
)
def test_a_joplin_export(mine: User, api: Api, send: Any, below: str) -> None:
    assert send(mine, JOPLIN, below) == {
        "imported": 2,
        "updated": 0,
        "unchanged": 0,
        "attachments": 2,
        "errors": [],
        "notices": [],
    }
    notes = notes_of(mine)
    assert courses_of(notes) == {"Day one: arrival": "Trips", "List": "Trips"}
    day = notes["Day one: arrival"]
    assert (day["date_created"], day["last_edit"]) == ("2023-05-01T08:00:00Z", "2023-05-02T10:30:00Z")
    assert json.loads(day["metadata_json"]) == {"tags": ["italy", "to do"]}
    assert json.loads(day["custom_meta"]) == {
        "latitude": "41.90270000", "longitude": "12.49620000", "altitude": "0.0000", "completed?": "no",
    }  # fmt: skip
    urls = files_of(mine, day)
    assert {name: api.http.get(url).content for name, url in urls.items()} == {
        "photo.jpg": b"jpg",
        "map (1).png": b"map",
    }
    photo, sketch = urls["photo.jpg"], urls["map (1).png"]
    assert day["content"] == f'![photo.jpg]({photo})\n<img src="{sketch}" width="40"/> [map]({sketch})'
    assert notes["List"]["content"] == "- one"
    assert send(mine, JOPLIN, below)["unchanged"] == 2


def test_plain_files_without_a_folder(mine: User) -> None:
    result = send_parts(
        mine, {"one.md": "# First\n\n![](a.png)", "two.markdown": "second", "a.png": b"x", "b.txt": b""}
    )
    assert result == {"imported": 2, "updated": 0, "unchanged": 0, "attachments": 1, "errors": [], "notices": []}
    assert courses_of(notes_of(mine)) == {"First": None, "two": None}
    alone = mine.request("POST", "notes/import/", files={"note": ("three.md", b"alone")})
    assert taken(alone) == {"imported": 1, "updated": 0, "unchanged": 0, "attachments": 0, "errors": [], "notices": []}


def test_broken_files_among_parts_are_named(mine: User) -> None:
    large = b"x" * (21 * 1024 * 1024)
    result = send_parts(
        mine, {"V/bad.md": b"\xff\xfe\x00", "V/large.md": large, "V/fine.md": "ok", "V/nul.md": "a\x00"}
    )
    assert result["imported"] == 1
    assert [problem["file"] for problem in result["errors"]] == ["V/bad.md", "V/large.md", "V/nul.md"]


@pytest.mark.parametrize("name", ["../evil.md", "/etc/evil.md", "V/../../evil.md", "C:/evil.md"])
def test_parts_that_lead_out_are_left_out_and_named(mine: User, name: str) -> None:
    parts = [("file", ("V/ok.md", b"x")), ("file", (name, b"evil"))]
    result = taken(mine.request("POST", "notes/import/", files=parts))
    assert [problem["file"] for problem in result["errors"]] == [name]
    assert set(notes_of(mine)) == {"ok"}


def test_an_import_without_a_file_is_refused(mine: User) -> None:
    nothing = mine.request("POST", "notes/import/", data={"file": "text"}, files={"file": ("", b"")})
    assert "No file provided" in nothing.json()["detail"]


def test_a_thousand_parts(mine: User) -> None:
    files: dict[str, bytes | str] = {f"V/n{number}.bin": b"x" for number in range(1000)}
    assert send_parts(mine, {**files, "V/a.md": "text"})["imported"] == 1


def test_a_missing_or_large_attachment_leaves_its_link(mine: User) -> None:
    files: dict[str, bytes | str] = {"a.md": "![x](gone.png) ![[large.bin]] ![y](y.png)", "y.png": b"y"}
    buffer = io.BytesIO(packed(files))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("large.bin", bytes(20 * 1024 * 1024 + 1))
    result = taken(mine.request("POST", "notes/import/", files={"file": ("v.zip", buffer.getvalue())}))
    assert (result["imported"], result["attachments"]) == (1, 1)
    assert [problem["file"] for problem in result["errors"]] == ["large.bin"]
    content = notes_of(mine)["a"]["content"]
    assert content.startswith("![x](gone.png) ![[large.bin]] ![y](http")


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        ("title: yes\ntags: [a, b]", {"title": "yes", "tags": ["a", "b"]}),
        ("title: >-\n  two\n  lines", {"title": "two lines"}),
        ("# only a comment", {}),
        ("", {}),
    ],
)
def test_front_matter_of_others(head: str, fields: dict[str, Any]) -> None:
    assert front_matter.read(f"---\n{head}\n---\nbody") == (fields, "body")


@pytest.mark.parametrize(
    "head",
    [
        "title: a: b",
        "- a list",
        "a: &x [1]\nb: *x",
        "[" * 5000,
        "x: " + "y" * 20_000,
        "\tt: 1",
        "{{title}}",
        "!!python/x",
    ],
)
def test_front_matter_that_cannot_be_read_stays_text(head: str) -> None:
    text = f"---\n{head}\n---\nbody"
    assert front_matter.read(text) == ({}, text)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        (
            "![a](b.png) [c](d (1).pdf 'T') ![[e f.png#x|y]] <img src='g.png'>",
            ["b.png", "d (1).pdf", "e f.png", "g.png"],
        ),
        ("[a](<b c.png>) [a]( d.png ) [a]()", ["b c.png", "d.png"]),
        ("[[wiki]] `code` (plain) ](", ["wiki"]),
        ("![x](a.png)![x](a.png)", ["a.png"]),
    ],
)
def test_links_are_found(text: str, targets: list[str]) -> None:
    assert list(links.targets(text)) == targets
    assert links.relinked(text, {}) == text


def test_a_hostile_text_is_searched_once_through() -> None:
    for text in ("](" * 400_000, "](" + " " * 800_000, "](a" * 200_000 + " " * 9, "![[" * 200_000, 'src="' * 200_000):
        assert len(list(links.targets(text))) <= 200_000


def test_an_import_of_unfinished_links_takes_no_longer_than_other_text(mine: User, stack: Stack) -> None:
    text = ("](" + "a" * 500 + " " + "b" * 299) * 1250  # a megabyte
    with at_most(4, stack, "notes"):
        assert send_parts(mine, {"hostile.md": text})["imported"] == 1


def test_titles_come_from_fields_heading_or_name() -> None:
    for text, title in (
        ("---\ntitle: Given\n---\n# Heading", "Given"),
        ("---\ntitle:\n---\n\n# Heading ##\n", "Heading"),
        ("text\n# Late", "file"),
        ("#tag", "file"),
        ("x" * 200, "file"),
        ("# " + "x" * 200, "x" * 100),
    ):
        assert read_note("a/file.md", text.encode(), "").payload["title"] == title


def test_names_of_our_own_fields_mean_something_else_in_the_files_of_others(mine: User) -> None:
    head = (
        "editor_mode: source\nnote_type: reference\ndeleted_at: never\ncover: c.png\nis_public: yes\nDescription: "
        + "d" * 700
    )
    result = send_zip(mine, {"a.md": f"---\n{head}\n---\ntext"})
    assert result == {"imported": 1, "updated": 0, "unchanged": 0, "attachments": 0, "errors": [], "notices": []}
    note = notes_of(mine)["a"]
    assert (note["editor_mode"], note["note_type"], note["is_public"], note["description"]) == ("G", "N", False, "")
    assert json.loads(note["custom_meta"]) == {
        "editor_mode": "source", "note_type": "reference", "deleted_at": "never", "cover": "c.png", "is_public": "yes",
        "description": "d" * 700,
    }  # fmt: skip


def test_the_same_import_several_times_at_once_is_one(mine: User, stack: Stack) -> None:
    mine.get("notes/")
    with ExitStack() as processes:  # one takes one import of a user at a time
        urls = [stack.service_url("notes"), *(processes.enter_context(another(stack, "notes")) for _ in range(2))]
        apis = [processes.enter_context(Api(stack, url)) for url in urls]
        with ThreadPoolExecutor(3) as pool:
            results = list(pool.map(lambda api: send_zip(replace(mine, api=api), VAULT), apis))
    assert sum(result["imported"] for result in results) == 3
    assert sum(result["unchanged"] for result in results) == 6
    assert [result["errors"] for result in results] == [[]] * 3
    notes = notes_of(mine)
    assert len(notes) == 3
    assert [len(files_of(mine, notes[title])) for title in ("Lens", "On waves")] == [1, 2]
