"""Other programs' own forms: each reader with a made-up sample (docs/notes.md, "What each source brings")."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from typing import Any
from urllib.parse import unquote

import pytest
from services.notes.tests.test_notes_exchange import packed
from services.notes.tests.test_notes_import import courses_of, files_of, notes_of, taken
from tests.support.client import Api, User

from notes_service.exchange.html_tree import DEEPEST
from notes_service.exchange.importing import NOTHING
from notes_service.exchange.markup import to_markdown
from notes_service.exchange.note_files import KEPT
from notes_service.exchange.readers.joplin import ENCRYPTED
from notes_service.exchange.reading import EXCALIDRAW

Files = dict[str, bytes | str]
NOTE, OTHER, BOOK, INNER, RES, TAG = (letter * 32 for letter in "abcdef")


def item(title: str, body: str, **properties: str) -> str:
    lines = "\n".join(f"{name}: {value}" for name, value in properties.items())
    return f"{title}\n\n{body}\n\n{lines}" if body else f"{title}\n\n{lines}"


RAW: Files = {
    f"{NOTE}.md": item(
        "Day one", f"![photo](:/{RES}) and [the other](:/{OTHER})\n\nkey: value\n\nlast", id=NOTE, parent_id=INNER,
        user_created_time="2023-05-01T08:00:00.000Z", user_updated_time="2023-05-02T10:30:00.000Z", is_todo="1",
        todo_completed="1683021000000", source_url="https://a.example", latitude="41.9027", markup_language="1",
        encryption_applied="0", type_="1",
    ),
    f"{OTHER}.md": item("Page", "<p>Some <b>bold</b></p>", id=OTHER, parent_id=BOOK, markup_language="2", type_="1"),
    f"{BOOK}.md": item("Trips", "", id=BOOK, parent_id="", type_="2"),
    f"{INNER}.md": item("Rome", "", id=INNER, parent_id=BOOK, type_="2"),
    f"{RES}.md": item("my photo.jpg", "", id=RES, mime="image/jpeg", filename="", file_extension="jpg", type_="4"),
    f"{TAG}.md": item("to see", "", id=TAG, type_="5"),
    f"{'1' * 32}.md": item("", "", id="1" * 32, note_id=NOTE, tag_id=TAG, type_="6"),
    f"resources/{RES}.jpg": b"jpeg",
}  # fmt: skip


def jex(files: Files, **more: Any) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **more) as archive:
        for name, data in files.items():
            content = data if isinstance(data, bytes) else data.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def send(user: User, *files: tuple[str, bytes]) -> dict[str, Any]:
    answer = user.request("POST", "notes/import/", files=[("file", one) for one in files])
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("all.jex", jex(RAW)),
        ("all.jex", jex(RAW, format=tarfile.PAX_FORMAT)),
        ("raw.zip", packed(RAW)),
        ("raw.zip", packed({f"Joplin/{name}": data for name, data in RAW.items()})),
    ],
)
def test_joplin_items(mine: User, api: Api, name: str, data: bytes) -> None:
    result = send(mine, (name, data))
    assert (result["imported"], result["attachments"], result["errors"], result["notices"]) == (2, 1, [], [])
    notes = notes_of(mine)
    assert courses_of(notes) == {"Day one": "Trips", "Page": "Trips"}
    day = notes["Day one"]
    urls = files_of(mine, day)
    assert {name: api.http.get(url).content for name, url in urls.items()} == {"my photo.jpg": b"jpeg"}
    assert day["content"] == (
        f"![photo]({urls['my photo.jpg']}) and [the other](#/notes/{notes['Page']['uuid']})\n\nkey: value\n\nlast"
    )
    assert (day["date_created"], day["last_edit"]) == ("2023-05-01T08:00:00Z", "2023-05-02T10:30:00Z")
    assert json.loads(day["metadata_json"]) == {"tags": ["to see"]}
    meta = json.loads(day["custom_meta"])
    assert (meta["notebook"], meta["is_todo"], meta["todo_completed"]) == ("Trips/Rome", "1", "1683021000000")
    assert (meta["source_url"], meta["latitude"]) == ("https://a.example", "41.9027")
    assert notes["Page"]["content"] == "Some **bold**"
    assert send(mine, (name, data))["unchanged"] == 2


def test_joplin_items_that_cannot_be_read_are_named(mine: User) -> None:
    files: Files = {
        f"{NOTE}.md": item("", "secret", id=NOTE, encryption_applied="1", type_="1"),
        f"{OTHER}.md": item("Bin", "gone", id=OTHER, deleted_time="1683021000000", type_="1"),
        f"{RES}.md": item("lost.jpg", "", id=RES, file_extension="jpg", type_="4"),
    }
    result = send(mine, ("x.jex", jex(files)))
    assert {(one["file"], one["error"]) for one in result["errors"]} == {
        (f"{NOTE}.md", ENCRYPTED), (f"{RES}.md", "The file of this resource is missing: lost.jpg."),
    }  # fmt: skip
    (binned,) = mine.get("notes/deleted/").json()
    assert binned["title"] == "Bin"


PNG = b"\x89PNG not quite"
ENEX = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE en-export SYSTEM "http://xml.evernote.com/pub/evernote-export4.dtd">
<en-export export-date="20240105T101112Z" application="Evernote">
<note><title>Recipe</title><created>20240105T101112Z</created><updated>20240106T000000Z</updated>
<tag>food</tag><tag>to cook</tag>
<note-attributes><author>Ann</author><source-url>https://a.example/r</source-url></note-attributes>
<content><![CDATA[<?xml version="1.0"?><!DOCTYPE en-note SYSTEM "http://xml.evernote.com/pub/enml2.dtd">
<en-note><h1>Soup</h1><div>Boil &amp; <b>stir</b></div><ul><li><en-todo checked="true"/>water</li></ul>
<div><en-todo/>salt</div><en-media type="image/png" hash="{hashlib.md5(PNG, usedforsecurity=False).hexdigest()}"/>
<script>alert(1)</script></en-note>]]></content>
<resource><data encoding="base64">{base64.encodebytes(PNG).decode()}</data><mime>image/png</mime>
<resource-attributes><file-name>my soup.png</file-name></resource-attributes></resource>
<resource><data encoding="base64">{base64.b64encode(b"pdf").decode()}</data><mime>application/pdf</mime></resource>
</note>
<note><title>Second</title><content><![CDATA[<en-note>text</en-note>]]></content></note>
</en-export>"""


@pytest.mark.parametrize("packing", ["alone", "in a zip"])
def test_evernote(mine: User, api: Api, packing: str) -> None:
    data = ENEX.encode()
    files = ("Kitchen.enex", data) if packing == "alone" else ("x.zip", packed({"Kitchen.enex": data}))
    result = send(mine, files)
    assert (result["imported"], result["attachments"], result["errors"]) == (2, 2, [])
    notes = notes_of(mine)
    assert courses_of(notes) == {"Recipe": "Kitchen", "Second": "Kitchen"}
    note = notes["Recipe"]
    urls = files_of(mine, note)
    assert {name: api.http.get(url).content for name, url in urls.items()} == {"my_soup.png": PNG, "file2.pdf": b"pdf"}
    for part in ("# Soup", "Boil & **stir**", "- [x] water", "- [ ] salt", f"![my_soup.png]({urls['my_soup.png']})",
                 f"[file2.pdf]({urls['file2.pdf']})"):  # fmt: skip
        assert part in note["content"]
    assert "alert" not in note["content"]
    assert (note["date_created"], note["last_edit"]) == ("2024-01-05T10:11:12Z", "2024-01-06T00:00:00Z")
    assert json.loads(note["metadata_json"]) == {"tags": ["food", "to cook"]}
    assert json.loads(note["custom_meta"]) == {"author": "Ann", "source-url": "https://a.example/r"}
    assert send(mine, files)["unchanged"] == 2


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaa"><!ENTITY b "&a;&a;&a;">]><en-export><note><title>&b;</title></note></en-export>'
)
OUTWARD = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><en-export><note><title>&a;</title></note></en-export>'


@pytest.mark.parametrize("text", [BOMB, OUTWARD, "<en-export><note>", "<a>" * 100, "no xml", ""])
def test_what_is_no_enex_is_named(mine: User, text: str) -> None:
    result = send(mine, ("x.enex", text.encode()))
    assert (result["imported"], [one["file"] for one in result["errors"]]) == (0, ["x.enex"])


def test_notes_before_the_damage_come_in(mine: User) -> None:
    result = send(mine, ("x.enex", ENEX[:-60].encode()))
    assert (result["imported"], len(result["errors"])) == (1, 1)
    assert "Recipe" in notes_of(mine)


KEEP: Files = {
    "Takeout/Keep/List.json": json.dumps(
        {"color": "RED", "isTrashed": False, "isPinned": True, "isArchived": False, "title": "Shopping",
         "listContent": [{"text": "milk", "isChecked": True}, {"text": "bread", "isChecked": False}],
         "labels": [{"name": "home"}], "userEditedTimestampUsec": 1704535200000000,
         "createdTimestampUsec": 1704450000123456, "attachments": [{"filePath": "pic.jpeg", "mimetype": "image/jpeg"}],
         "annotations": [{"url": "https://a.example", "title": "A"}]}
    ),
    "Takeout/Keep/List.html": "<html>the same</html>",
    "Takeout/Keep/pic.jpg": b"jpeg",
    "Takeout/Keep/2024-01-05.json": json.dumps(
        {"isTrashed": True, "textContent": "untitled text", "title": "", "userEditedTimestampUsec": 1704450000000000}
    ),
    "Takeout/Keep/Labels.txt": "home",
    "Takeout/archive_browser.html": "<html></html>",
}  # fmt: skip


def test_google_keep(mine: User) -> None:
    result = send(mine, ("takeout.zip", packed(KEEP)))
    assert (result["imported"], result["attachments"], result["errors"]) == (2, 1, [])
    (note,) = notes_of(mine).values()
    (url,) = files_of(mine, note).values()
    assert (note["title"], note["course"]["title"]) == ("Shopping", "Google Keep")
    assert note["content"] == f"- [x] milk\n- [ ] bread\n\n![pic.jpg]({url})"
    assert (note["date_created"], note["last_edit"]) == ("2024-01-05T10:20:00.123456Z", "2024-01-06T10:00:00Z")
    assert json.loads(note["metadata_json"]) == {"tags": ["home"]}
    meta = json.loads(note["custom_meta"])
    assert (meta["color"], meta["isPinned"], meta["annotations"][0]["title"]) == ("RED", True, "A")
    (binned,) = mine.get("notes/deleted/").json()
    assert (binned["title"], binned["excerpt"]) == ("2024-01-05", "untitled text")
    assert "Takeout/Keep/Labels.txt" in [one["file"] for one in result["files"]]


BUNDLE: Files = {
    "Ideas/Garden plan.textbundle/text.md": "# Garden\n\n![bed](assets/my%20bed.png) #garden",
    "Ideas/Garden plan.textbundle/assets/my bed.png": b"png",
    "Ideas/Garden plan.textbundle/info.json": json.dumps(
        {"version": 2, "type": "net.daringfireball.markdown",
         "net.shinyfrog.bear": {"creationDate": "2024-01-05T10:00:00Z", "modificationDate": "2024-01-06T10:00:00Z",
                                "pinned": 1}}
    ),
    "Loose.textbundle/text.txt": "---\nrating: 5\n---\nplain",
}  # fmt: skip


@pytest.mark.parametrize("name", ["notes.zip", "Garden.textpack", "Notes.bearbk"])
def test_textbundles(mine: User, name: str) -> None:
    result = send(mine, (name, packed(BUNDLE)))
    assert (result["imported"], result["attachments"], result["errors"]) == (2, 1, [])
    notes = notes_of(mine)
    assert courses_of(notes) == {"Garden": "Ideas", "Loose": None}
    garden = notes["Garden"]
    (url,) = files_of(mine, garden).values()
    assert garden["content"] == f"# Garden\n\n![bed]({url}) #garden"
    assert (garden["date_created"], garden["last_edit"]) == ("2024-01-05T10:00:00Z", "2024-01-06T10:00:00Z")
    assert json.loads(garden["custom_meta"]) == {"bear": {"pinned": 1}}
    assert json.loads(notes["Loose"]["custom_meta"]) == {"rating": 5}


HOME, SUB, TABLE = (digit * 32 for digit in "789")
NOTION: Files = {
    f"Home {HOME}.md": f"# Home\n\n[Sub page](Home%20{HOME}/Sub%20page%20{SUB}.md)"
    f" [T](Home%20{HOME}/Tasks%20{TABLE}.csv)",
    f"Home {HOME}/Sub page {SUB}.md": f"# Sub page\n\nStatus: Done\n\n![p](Sub%20page%20{SUB}/pic.png)"
    f" [up](../Home%20{HOME}.md)",
    f"Home {HOME}/Sub page {SUB}/pic.png": b"png",
    f"Home {HOME}/Tasks {TABLE}.csv": "Name,Status\na,b\n",
    f"Alone {'6' * 32}.csv": "x,y\n",
}


@pytest.mark.parametrize("parts", [False, True])
def test_notion(mine: User, parts: bool) -> None:
    data = packed({"Export-1-Part-1.zip": packed(NOTION)}) if parts else packed(NOTION)
    result = send(mine, ("export.zip", data))
    assert (result["imported"], result["attachments"], result["errors"]) == (3, 3, [])
    assert [one["error"] for one in result["notices"]] == [KEPT]
    notes = notes_of(mine)
    assert courses_of(notes) == {"Home": None, "Sub page": "Home", "Alone": None}
    home, sub = notes["Home"], notes["Sub page"]
    assert f"[Sub page](#/notes/{sub['uuid']})" in home["content"]
    assert f"[up](#/notes/{home['uuid']})" in sub["content"]
    assert unquote(next(iter(files_of(mine, home)))) == f"Tasks {TABLE}.csv"
    assert set(files_of(mine, sub)) == {"pic.png"}
    assert send(mine, ("export.zip", data))["unchanged"] == 3


def test_drawings_of_obsidian_are_kept_and_named(mine: User, api: Api) -> None:
    vault: Files = {
        ".obsidian/app.json": "{}",
        "Maps/World.canvas": '{"nodes": []}',
        "Maps/Shown.canvas": '{"nodes": [1]}',
        "Maps/Old.excalidraw": "{}",
        "Maps/New.excalidraw.md": "---\nexcalidraw-plugin: parsed\n---\n# Drawing\n```json\n{}\n```",
        "Note.md": "![[Shown.canvas]]",
    }
    result = send(mine, ("vault.zip", packed(vault)))
    assert (result["imported"], result["attachments"], result["errors"]) == (4, 3, [])
    assert {(one["file"], one["error"]) for one in result["notices"]} == {
        ("Maps/World.canvas", KEPT), ("Maps/Old.excalidraw", KEPT), ("Maps/New.excalidraw.md", EXCALIDRAW),
    }  # fmt: skip
    note = notes_of(mine)["World"]
    (url,) = files_of(mine, note).values()
    assert (note["content"], note["course"]["title"]) == (f"[World.canvas]({url})", "Maps")
    assert api.http.get(url).content == b'{"nodes": []}'
    again = send(mine, ("vault.zip", packed(vault)))
    assert (again["imported"], again["unchanged"], again["updated"]) == (0, 4, 0)


PAGE = "<html><head><title>A page</title></head><body><h2>Part</h2><p>x <a href='b.pdf'>b</a></p></body></html>"


@pytest.mark.parametrize(
    ("name", "data", "title", "content"),
    [
        ("one.md", b"# One\n\ntext", "One", "# One\n\ntext"),
        ("two.txt", b"#no heading\ntext", "two", "#no heading\ntext"),
        ("three.html", PAGE.encode(), "A page", "## Part\n\nx [b](b.pdf)"),
        ("four.txt", "größe".encode("cp1252"), "four", "größe"),
        ("five.txt", "größe".encode("utf-16"), "five", "größe"),
        ("six.htm", b"<p>only", "six", "only"),
    ],
)
def test_single_files(mine: User, name: str, data: bytes, title: str, content: str) -> None:
    assert send(mine, (name, data))["imported"] == 1
    assert {title: note["content"] for title, note in notes_of(mine).items()} == {title: content}


def test_several_archives_in_one_request_are_all_read(mine: User) -> None:
    files = [
        ("first.zip", packed({"a.md": "one"})),
        ("second.zip", packed({"V/b.md": "two ![](p.png)", "V/p.png": b"p"})),
        ("all.jex", jex(RAW)),
        ("Kitchen.enex", ENEX.encode()),
        ("single.md", b"three"),
    ]
    result = send(mine, *files)
    assert (result["imported"], result["errors"]) == (7, [])
    assert {"a", "b", "Day one", "Recipe", "single"} <= set(notes_of(mine))


def test_two_exports_of_ours_in_one_request(mine: User, other: User, api: Api) -> None:
    third = api.register()
    for user, title in ((mine, "Mine"), (other, "Theirs")):
        note = user.post("notes/", {"title": title, "content": "x"}).json()
        user.request("POST", f"notes/{note['id']}/attachments/", files={"file": ("a.bin", title.encode())})
    exports = [(f"{user.id}.zip", user.get("notes/export/").content) for user in (mine, other)]
    result = send(third, *exports)
    assert (result["imported"], result["attachments"], result["errors"]) == (4, 2, [])
    notes = notes_of(third)
    assert [len(files_of(third, notes[title])) for title in ("Mine", "Theirs")] == [1, 1]


@pytest.mark.parametrize(
    "files", [{}, {"a.bin": b"x"}, {"__MACOSX/._a.md": b"x"}, {"x/y/z.doc": b"?", "Thumbs.db": b"."}]
)
def test_an_archive_with_nothing_usable_says_so(mine: User, files: Files) -> None:
    result = send(mine, ("photos.zip", packed(files)))
    assert (result["imported"], result["errors"]) == (0, [{"file": "photos.zip", "error": NOTHING}])


@pytest.mark.parametrize("data", [b"", b"x" * 2000, jex(RAW)[:700], b"\0" * 512 + jex(RAW)])
def test_a_tar_that_is_none_is_refused_or_empty(mine: User, data: bytes) -> None:
    answer = mine.request("POST", "notes/import/", files={"file": ("x.jex", data)})
    assert answer.status_code in {200, 400}
    assert answer.status_code == 400 or answer.json()["errors"]


def test_entries_of_a_tar_that_lead_out_or_are_links_are_named(mine: User) -> None:
    buffer = io.BytesIO(jex({**RAW, "../evil.md": "out", "/etc/evil.md": "out"}))
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        link = tarfile.TarInfo("link.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    result = send(mine, ("x.jex", buffer.getvalue()))
    assert result["imported"] == 2
    assert {one["file"] for one in result["errors"]} == {"../evil.md", "/etc/evil.md", "link.md"}


def test_a_page_that_is_too_deep_or_too_long_stays_as_it_is() -> None:
    for html in ("<div>" * (DEEPEST + 1) + "x", "<b>x" * 100_000, "<p>" + "x" * 4_200_000):
        assert to_markdown(html) == (html, "")
    assert to_markdown("<div>" * 50 + "x")[0] == "x"


def test_the_zip_of_a_page_brings_its_pictures(mine: User) -> None:
    files: Files = {"Site/a.html": "<img src='pics/p q.png'><a href='pics/x.pdf'>x</a>", "Site/pics/p q.png": b"p",
                    "Site/pics/x.pdf": b"x"}  # fmt: skip
    assert taken(mine.request("POST", "notes/import/", files={"file": ("s.zip", packed(files))}))["attachments"] == 2
    with zipfile.ZipFile(io.BytesIO(mine.get("notes/export/").content)) as archive:
        assert len([name for name in archive.namelist() if name.startswith("attachments/")]) == 2
