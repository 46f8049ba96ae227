"""Zips and folders as other programs pack them: no file is lost, and what is not taken is named."""

from __future__ import annotations

import io
import json
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from services.notes.tests.test_notes_import import files_of, notes_of, packed, taken
from tests.support.client import Api, User

from notechondria_shared.core.timestamps import now
from notes_service.exchange import front_matter
from notes_service.exchange.archive import OUTSIDE, TWICE
from notes_service.exchange.paths import Paths, cleaned, name_of


def bring_in(user: User, data: bytes, name: str = "vault.zip") -> dict[str, Any]:
    return taken(user.request("POST", "notes/import/", files={"file": (name, data)}))


def raw_zip(*files: tuple[bytes, bytes], system: int = 3, flags: int = 0, extra: bytes = b"") -> bytes:
    """A zip with names as these bytes, stored, as a program on `system` (0 FAT, 3 Unix) writes it."""
    body, directory = b"", b""
    for name, data in files:
        sizes = struct.pack("<III", zlib.crc32(data), len(data), len(data))
        names = struct.pack("<HH", len(name), len(extra))
        offset = len(body)
        body += b"PK\x03\x04" + struct.pack("<HHHHH", 20, flags, 0, 0, 0x5821) + sizes + names + name + extra + data
        directory += b"PK\x01\x02" + struct.pack("<BBHHHHH", 20, system, 20, flags, 0, 0, 0x5821) + sizes + names
        directory += struct.pack("<HHHII", 0, 0, 0, 0, offset) + name + extra
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def repacked(data: bytes, change: Callable[[str], str]) -> bytes:
    """The zip with other names."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return packed({change(name): archive.read(name) for name in archive.namelist()})


def account(user: User) -> bytes:
    """The export of an account with a file, a cover, a version, a described and an empty course."""
    made = {"title": "Zellbiologie Größe", "description": "Kleine Dinge", "client_course_id": "c"}
    course = user.post("courses/", made).json()["id"]
    user.post("courses/", {"title": "Leer", "description": "nothing in it", "color_hue": 7})
    note = user.post("notes/", {"title": "Mitose", "content": "# Mitose\n\ntext", "course_id": course}).json()
    sent = user.request("POST", f"notes/{note['id']}/attachments/", files={"file": ("Übersicht.pdf", b"pdf")})
    text = f"# Mitose\n\n[Übersicht]({sent.json()['url']})"
    user.patch(f"notes/{note['id']}/", {"content": text})
    picture = {"cover": ("c.png", png(), "image/png")}
    assert user.request("POST", f"notes/{note['id']}/cover/", files=picture).status_code == 200
    user.post(f"notes/{note['id']}/snapshot/", {"reason": "manual"})
    return user.get("notes/export/").content


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\0\x80\x80"))
        + chunk(b"IEND", b"")
    )


WAYS: dict[str, Callable[[str], str]] = {
    "as it is": lambda name: name,
    "in a folder": lambda name: f"notechondria-2026-11-29/{name}",
    "in a folder of a folder": lambda name: f"Downloads/My export/{name}",
    "decomposed, as from a Mac": lambda name: unicodedata.normalize("NFD", name),
    # Not the manifest's own name, by which an export is known.
    "in capitals": lambda name: name if name == "courses.json" else name.upper(),
    "in a folder, decomposed": lambda name: unicodedata.normalize("NFD", f"Größe/{name}"),
    "with backslashes": lambda name: "export\\" + name.replace("/", "\\"),
    "with a dot in front": lambda name: f"./{name}",
}


@pytest.mark.parametrize("way", WAYS)
def test_an_export_that_was_packed_again_comes_back_whole(mine: User, other: User, api: Api, way: str) -> None:
    change = WAYS[way]
    result = bring_in(other, repacked(account(mine), change))
    assert result == {"imported": 2, "updated": 0, "unchanged": 0, "attachments": 1, "errors": [], "notices": []}
    note = notes_of(other)["Mitose"]
    (url,) = files_of(other, note).values()
    assert note["content"] == f"# Mitose\n\n[Übersicht]({url})"
    assert api.http.get(url).content == b"pdf"
    assert note["cover_image_url"]
    assert len(other.get(f"notes/{note['id']}/history/").json()) == 1
    courses = {
        one["title"]: one
        for one in other.get("courses/").json()
        if (one["owner"] or {}).get("username") == other.username
    }
    assert courses["Zellbiologie Größe"]["description"] == "Kleine Dinge"
    assert (courses["Leer"]["description"], courses["Leer"]["color_hue"]) == ("nothing in it", 7)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Größe.md".encode(), {}),
        (unicodedata.normalize("NFD", "Größe.md").encode(), {}),
        ("Größe.md".encode("cp437"), {"system": 0}),
        ("Größe.md".encode("latin-1"), {}),
        ("Größe.md".encode(), {"flags": 0x800, "system": 0}),
        (b"Gr__e.md", {"extra": struct.pack("<HHBI", 0x7075, 5 + 10, 1, 0) + "Größe.md".encode()}),
        ("東京.md".encode(), {}),
        ("привет.md".encode(), {"system": 19}),
    ],
)
def test_names_in_the_letters_of_their_system_are_read(mine: User, name: bytes, options: dict[str, Any]) -> None:
    assert bring_in(mine, raw_zip((name, b"text"), **options))["imported"] == 1
    assert set(notes_of(mine)) <= {"Größe", "東京", "привет"}
    assert len(notes_of(mine)) == 1


@pytest.mark.parametrize(
    "name", ["../a.md", "x/../../a.md", "/etc/a.md", "C:\\a.md", "c:a.md", "..\\a.md", "\\\\host\\a.md"]
)
def test_only_what_leads_out_is_left_out_and_named(mine: User, name: str) -> None:
    result = bring_in(mine, packed({name: "evil", "b.md": "good", "x/./c//d.md": "fine", "y/../e.md": "inside"}))
    assert result == {
        "imported": 3,
        "updated": 0,
        "unchanged": 0,
        "attachments": 0,
        "errors": [{"file": name, "error": OUTSIDE}],
        "notices": [],
    }
    assert set(notes_of(mine)) == {"b", "d", "e"}


def test_a_link_in_a_zip_is_left_out_and_named(mine: User) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("passwd.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.md", "text")
    result = bring_in(mine, buffer.getvalue())
    assert (result["imported"], [one["file"] for one in result["errors"]]) == (1, ["passwd.md"])


@pytest.mark.parametrize("names", [("a.md", "a.md"), ("b/a.md", "b//a.md"), ("é.md", "e\u0301.md")])
def test_a_path_that_comes_twice_is_named(mine: User, names: tuple[str, str]) -> None:
    result = bring_in(mine, raw_zip((names[0].encode(), b"first"), (names[1].encode(), b"second")))
    assert result["imported"] == 1
    assert [one["error"] for one in result["errors"]] == [TWICE]
    (note,) = notes_of(mine).values()
    assert note["content"] == "second"


def test_what_the_fields_name_and_the_zip_does_not_hold_is_named(mine: User, other: User) -> None:
    with zipfile.ZipFile(io.BytesIO(account(mine))) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    lost = [name for name in kept if name.startswith(("attachments/", "covers/", "versions/"))]
    assert len(lost) == 3
    result = bring_in(other, packed({name: data for name, data in kept.items() if name not in lost}))
    assert (result["imported"], result["attachments"]) == (2, 0)
    assert sorted(one["file"] for one in result["errors"]) == sorted(lost)
    assert all("missing" in one["error"] for one in result["errors"])


def test_a_folder_sent_file_by_file_keeps_to_the_same_rules(mine: User) -> None:
    parts = [("file", (name, b"text")) for name in ("V/a.md", "V/e\u0301.md", "V\\sub\\b.md", "../evil.md", "V/a.md")]
    result = taken(mine.request("POST", "notes/import/", files=parts))
    assert result["imported"] == 3
    assert {(one["file"], one["error"]) for one in result["errors"]} == {("../evil.md", OUTSIDE), ("V/a.md", TWICE)}


def test_files_are_meant_in_any_letter_case_unless_two_could_be(mine: User) -> None:
    vault: dict[str, bytes | str] = {
        "Note.md": "![](IMG/Wave.PNG) ![](two.png)",
        "img/wave.png": b"png",
        "Two.png": b"1",
        "TWO.PNG": b"2",
    }
    result = bring_in(mine, packed(vault))
    note = notes_of(mine)["Note"]
    urls = files_of(mine, note)
    assert set(urls) == {"wave.png"} | ({"TWO.PNG"} if result["attachments"] == 2 else set())
    assert urls["wave.png"] in note["content"]


@pytest.mark.parametrize("added", ["rating: 5", "aliases: [Lentil, Glass]", "status: 'half done'"])
def test_a_line_added_to_the_fields_of_an_export_changes_nothing_else(mine: User, other: User, added: str) -> None:
    mine.post("notes/", {"title": "Loose", "content": "text", "custom_meta": '{"mood": "good"}'})
    with zipfile.ZipFile(io.BytesIO(mine.get("notes/export/").content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    (path,) = [name for name in files if "Loose" in name]
    files[path] = files[path].replace("---\n", f"---\n{added}\n", 1)
    assert bring_in(other, packed(files))["errors"] == []
    note = notes_of(other)["Loose"]
    assert (note["course"], note["description"], note["content"]) == (None, "", "text")
    meta = json.loads(note["custom_meta"])
    assert meta.pop("mood") == "good"
    assert list(meta) == [added.partition(":")[0]]
    assert {
        one["title"] for one in other.get("courses/").json() if (one["owner"] or {}).get("username") == other.username
    } == {"Inbox"}


def test_an_own_text_in_custom_meta_is_kept_beside_added_fields() -> None:
    written = front_matter.write({"uuid": "u", "metadata_json": "", "custom_meta": "plain words"}, "text")
    fields, body = front_matter.read(written.replace("---\n", "---\nrating: 5\nflag: true\n", 1))
    assert body == "text"
    assert fields == {"uuid": "u", "metadata_json": "", "custom_meta": "plain words", "rating": 5, "flag": True}


def test_an_export_never_holds_two_names_that_differ_by_case_only(mine: User) -> None:
    note = mine.post("notes/", {"title": "Files"}).json()
    for name in ("a.png", "A.png", "A.PNG"):
        mine.request("POST", f"notes/{note['id']}/attachments/", files={"file": (name, name.encode())})
    with zipfile.ZipFile(io.BytesIO(mine.get("notes/export/").content)) as archive:
        names = archive.namelist()
        assert len({name.casefold() for name in names}) == len(names)
        contents = {archive.read(name) for name in names if name.startswith("attachments/")}
    assert contents == {b"a.png", b"A.png", b"A.PNG"}


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("a/b.md", "a/b.md"),
        (".\\a\\b.md", "a/b.md"),
        ("a/../b.md", "b.md"),
        ("a//./b.md", "a/b.md"),
        ("..", None),
        ("a/../../b", None),
        ("/a", None),
        ("\\\\server\\share\\a", None),
        ("D:/a", None),
        ("a\x00b", None),
        (".", None),
        ("", None),
    ],
)
def test_a_path_has_one_form(path: str, clean: str | None) -> None:
    assert cleaned(path) == clean


def test_a_file_is_found_by_case_only_when_that_is_clear() -> None:
    paths = Paths(["Img/A.png", "img/a.PNG", "b.png", "É.png"])
    assert (paths.find("img/a.png"), paths.find("Img/A.png"), paths.find("B.PNG")) == (None, "Img/A.png", "b.png")
    assert paths.find(unicodedata.normalize("NFD", "é.png")) == "É.png"


def test_a_name_that_no_rule_fits_stays_as_zipfile_reads_it() -> None:
    entry = zipfile.ZipInfo("\u0416.md")
    assert name_of(entry) == "\u0416.md"


def test_a_refused_archive_is_still_refused(mine: User) -> None:
    answer: httpx.Response = mine.request("POST", "notes/import/", files={"file": ("a.zip", b"no zip")})
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def test_what_the_api_takes_comes_back_and_the_bin_and_the_inbox_as_they_were(
    mine: User, other: User, look: Any
) -> None:
    text = "# Large\n\n" + "Many words of one lecture. " * 250_000  # 6.4 MiB
    mine.post("notes/", {"title": "Large", "content": text})
    inbox = next(one for one in mine.get("courses/").json() if one["is_default"])
    mine.patch(f"courses/{inbox['id']}/", {"title": "Inbox", "description": "What I caught", "icon": 7, "color_hue": 9})
    binned = mine.post("notes/", {"title": "Binned"}).json()["id"]
    mine.delete(f"notes/{binned}/")
    then = (now() - timedelta(days=9)).replace(microsecond=0).isoformat()  # the bin of a test's stack keeps 30 days
    for table, key in (("notes", "id"), ("recycle_bin_entries", "note_id")):
        look.all(f"UPDATE notes.{table} SET deleted_at = %s WHERE {key} = %s RETURNING 1", then, binned)
    result = bring_in(other, mine.get("notes/export/").content)
    assert (result["imported"], result["errors"]) == (3, [])
    assert notes_of(other)["Large"]["content"] == text.strip()
    (gone,) = other.get("notes/deleted/").json()
    assert (gone["title"], gone["deleted_at"]) == ("Binned", then)
    theirs = next(one for one in other.get("courses/").json() if one["is_default"])
    assert (theirs["description"], theirs["icon"], theirs["color_hue"]) == ("What I caught", 7, 9)
