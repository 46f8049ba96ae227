"""More of what other programs write: each is an example of its kind (docs/notes.md, "Export and import")."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import secrets
from typing import Any

import pytest
from services.notes.tests.test_notes_exchange import exported
from services.notes.tests.test_notes_import import courses_of, files_of, notes_of, packed, send_zip
from services.notes.tests.test_notes_import_again import counts, versions_of
from services.notes.tests.test_notes_import_jobs import outcomes
from services.notes.tests.test_notes_readers import BOOK, NOTE, OTHER, PNG, RES, item, jex, send
from tests.support.client import Api, User

from notes_service.exchange import comparing
from notes_service.exchange.dates import read_date
from notes_service.exchange.importing import THROWN_AWAY
from notes_service.exchange.markup import to_markdown
from notes_service.exchange.readers import evernote, joplin
from notes_service.exchange.reading import read_note

Files = dict[str, bytes | str]
LOST = "3c" * 16


def shown(user: User, note: dict[str, Any]) -> str:
    """The text of a note with the names of its files for their addresses."""
    text: str = note["content"]
    for name, url in files_of(user, note).items():
        text = text.replace(url, f"@{name}")
    return text


def enex(*notes: str) -> bytes:
    doctype = '<!DOCTYPE en-export SYSTEM "http://xml.evernote.com/pub/evernote-export4.dtd">'
    return f'<?xml version="1.0"?>{doctype}<en-export>{"".join(notes)}</en-export>'.encode()


def en_note(title: str, body: str, more: str = "") -> str:
    head = '<?xml version="1.0"?><!DOCTYPE en-note SYSTEM "http://xml.evernote.com/pub/enml2.dtd">'
    return (
        f"<note><title>{title}</title><created>20240105T101112Z</created>{more}"
        f"<content><![CDATA[{head}<en-note>{body}</en-note>]]></content></note>"
    )


def test_evernote_texts_begin_with_their_own_words(mine: User) -> None:
    tasks = (
        "<task><title>T1</title><taskStatus>open</taskStatus></task>"
        "<task><title>T2</title><taskStatus>completed</taskStatus></task>"
    )
    lists = (
        '<ul style="--en-todo:true;"><li style="--en-checked:true;"><div>did</div></li>'
        '<li style="--en-checked:false;"><div>to do</div></li></ul>'
        '<div style="-en-codeblock: true;"><div>x = 1</div><div>  y = *2*</div></div>'
    )
    sent = enex(en_note("Plain", "words"), en_note("Empty", ""), en_note("Tasks", "t", tasks), en_note("Lists", lists))
    assert send(mine, ("Book.enex", sent))["imported"] == 4
    notes = notes_of(mine)
    assert {title: note["content"] for title, note in notes.items()} == {
        "Plain": "words", "Empty": "", "Tasks": "t",
        "Lists": "- [x] did\n- [ ] to do\n\n```\nx = 1\n  y = *2*\n```",
    }  # fmt: skip
    assert json.loads(notes["Tasks"]["custom_meta"])["tasks"] == [
        {"title": "T1", "taskStatus": "open"}, {"title": "T2", "taskStatus": "completed"},
    ]  # fmt: skip


def test_what_an_enex_cannot_bring_is_named(mine: User) -> None:
    known = hashlib.md5(PNG, usedforsecurity=False).hexdigest()
    file = f'<resource><data encoding="base64">{base64.b64encode(PNG).decode()}</data><mime>image/png</mime></resource>'
    media = f'<en-media type="image/png" hash="{known}"/>'
    result = send(
        mine,
        (
            "Book.enex",
            enex(
                en_note("Whole", media, file),
                en_note("Lost", f'{media}<en-media type="image/png" hash="{"0" * 32}"/>', file),
                en_note("Secret", 'a <en-crypt cipher="AES" hint="h">RU5DMA==</en-crypt>'),
            ),
        ),
    )
    assert {one["file"].rpartition("/")[2]: one["error"] for one in result["notices"]} == {
        "Lost": evernote.MISSING_FILE, "Secret": evernote.ENCRYPTED,
    }  # fmt: skip
    assert "RU5DMA==" in notes_of(mine)["Secret"]["content"]


def test_notes_of_an_enex_are_known_again_wherever_they_stand(mine: User) -> None:
    notes = [en_note("One", "1"), en_note("Same", "first"), en_note("Same", "second")]
    assert counts(send(mine, ("Book.enex", enex(*notes)))) == (3, 0, 0)
    notes[2] = en_note("Same", "second, changed")
    assert counts(send(mine, ("Book.enex", enex(en_note("New", "n"), *notes)))) == (1, 1, 2)


def test_joplin_links_in_html_and_code(mine: User) -> None:
    body = (
        f'<img src=":/{RES}" width="300"/> ![t](:/{RES} "Title") [part](:/{RES}#page=3) [note](:/{OTHER}#head)\n\n'
        f"```\n![](:/{RES})\n```\n\n`:/{RES}` https://a.example/:/{RES} ![](:/{LOST})"
    )
    files: Files = {
        f"{NOTE}.md": item("Note", body, id=NOTE, parent_id=BOOK, type_="1"),
        f"{OTHER}.md": item("", "First line\n\nmore", id=OTHER, parent_id="f" * 32, type_="1"),
        f"{BOOK}.md": item("Trips", "", id=BOOK, parent_id="", type_="2"),
        f"{RES}.md": item("my photo.jpg", "", id=RES, file_extension="jpg", type_="4"),
        f"resources/{RES}.jpg": b"jpeg",
        f"{'c3' * 16}.md": "# Of another program\n\nits name is an id",
    }
    result = send(mine, ("a.jex", jex(files)))
    assert (result["imported"], result["errors"]) == (3, [])
    assert [one["error"] for one in result["notices"]] == [joplin.MISSING_FILE.format(ids=LOST)]
    notes = notes_of(mine)
    assert courses_of(notes) == {"Note": "Trips", "First line": None, "Of another program": None}
    other = notes["First line"]["uuid"]
    assert shown(mine, notes["Note"]).startswith(
        '<img src="@my photo.jpg" width="300"/> ![t](@my photo.jpg "Title") [part](@my photo.jpg#page=3) '
        f"[note](#/notes/{other}#head)\n\n```\n![](:/{RES})\n```\n\n`:/{RES}` https://a.example/:/{RES} "
    )
    assert "created" not in notes["Note"]["custom_meta"]


def keep_note(**fields: Any) -> str:
    return json.dumps({"isTrashed": False, "title": "", "userEditedTimestampUsec": 1704535200000000, **fields})


def test_keep_texts_in_html_and_files_of_other_extensions(mine: User) -> None:
    files: Files = {
        "Takeout/Keep/a.json": keep_note(title="Html", textContentHtml="<p>hello <b>bold</b></p>"),
        "Takeout/Keep/b.json": keep_note(
            title="List", listContent=[{"text": "a\nb", "isChecked": True}, {"textHtml": "<p>html</p>"}]
        ),
        "Takeout/Keep/c.json": keep_note(
            title="Files", attachments=[{"filePath": name} for name in ("1.3gp", "2.png", "3.jpeg", "4.amr")]
        ),
        "Takeout/Keep/1.3gp": b"1",
        "Takeout/Keep/2.gif": b"2",
        "Takeout/Keep/3.jpg": b"3",
        "Takeout/Keep/c.html": "<html></html>",
    }
    result = send(mine, ("takeout.zip", packed(files)))
    assert [one["file"] for one in result["errors"]] == ["Takeout/Keep/4.amr"]
    notes = notes_of(mine)
    assert notes["Html"]["content"] == "hello **bold**"
    assert notes["List"]["content"] == "- [x] a\n  b\n- [ ] html"
    assert set(files_of(mine, notes["Files"])) == {"1.3gp", "2.gif", "3.jpg"}
    # Documents of before 2021 say only when a note was edited.
    assert {note["date_created"] for note in notes.values()} == {"2024-01-06T10:00:00Z"}


def test_a_textpack_of_contents_and_packs_in_packs(mine: User) -> None:
    flat: Files = {"text.markdown": "![](assets/a.png)", "info.json": '{"version": 2}', "assets/a.png": b"a"}
    assert counts(send(mine, ("Flat one.textpack", packed(flat)))) == (1, 0, 0)
    inner: Files = {
        "x/One.textpack": packed({"One.textbundle/text.md": "# One"}),
        "x/Two.zip": packed({"two.md": "2"}),
        "x/Three.jex": jex({f"{NOTE}.md": item("Three", "3", id=NOTE, type_="1")}),
        "x/Four.zip": b"no zip",
    }
    result = send(mine, ("all.zip", packed(inner)))
    assert (result["imported"], [one["file"] for one in result["errors"]]) == (3, ["x/Four.zip"])
    notes = notes_of(mine)
    assert set(notes) == {"Flat one", "One", "two", "Three"}
    assert set(files_of(mine, notes["Flat one"])) == {"a.png"}


@pytest.mark.parametrize("name", ["takeout.tgz", "Takeout.TAR.GZ", "takeout", "takeout.gz", "takeout.tar"])
def test_a_tar_may_be_packed_by_gzip(mine: User, name: str) -> None:
    result = send(mine, (name, gzip.compress(jex({"Takeout/a.md": "![](b.png)", "Takeout/b.png": b"png"}))))
    assert (counts(result), set(files_of(mine, notes_of(mine)["a"]))) == ((1, 0, 0), {"b.png"})


def test_what_is_packed_by_gzip_and_damaged_is_named(mine: User) -> None:
    whole = gzip.compress(jex({"a.md": secrets.token_hex(4000)}))
    for data in (whole[:900], whole[:-4] + b"size", gzip.compress(b"no tar"), b"\x1f\x8b", b"no gzip"):
        answer = mine.request("POST", "notes/import/", files={"file": ("a.tgz", data)})
        assert answer.status_code == 400, answer.text
        assert "no tar archive" in answer.json()["detail"]
    inner: Files = {"x/Good.tgz": whole, "x/Bad.tar.gz": whole[:900]}
    result = send(mine, ("all.zip", packed(inner)), ("b.md", b"b"), ("notes.csv.gz", gzip.compress(b"no archive")))
    assert (result["imported"], set(notes_of(mine))) == (2, {"a", "b"})
    assert [one["file"] for one in result["errors"]] == ["x/Bad.tar.gz"]
    assert outcomes(result)["notes.csv.gz"][0] == "notice"  # a file beside notes, which none of them shows


def test_of_several_archives_a_damaged_one_is_named(mine: User) -> None:
    result = send(mine, ("good.zip", packed({"a.md": "x"})), ("bad.zip", b"?"), ("bad.jex", b"?" * 600), ("b.md", b"y"))
    assert (result["imported"], [one["file"] for one in result["errors"]]) == (2, ["bad.zip", "bad.jex"])
    (error,) = send(mine, ("other.json", b"{}"))["errors"]
    assert error["file"] == "other.json"


def test_what_systems_leave_beside_files_is_no_error(mine: User) -> None:
    files: Files = {
        "V/a.md": "x", "V/._a.md": b"\0\5\x16\7\xff", "V/._alone.md": b"\0\5\xff", "V/Icon\r": b"",
        "V/.trash/Old.md": "thrown away",
    }  # fmt: skip
    result = send(mine, ("v.zip", packed(files)))
    assert outcomes(result).keys() == {"V/a.md", "V/._alone.md", "V/.trash/Old.md"}
    assert (outcomes(result)["V/.trash/Old.md"], outcomes(result)["V/._alone.md"][0]) == (
        ("notice", THROWN_AWAY), "error",
    )  # fmt: skip


LINKS = r"""![q](img.png?raw=true) ![q](img.png?raw=1#x) ![t](img.png "Fig (1)") ![p](img.png (Paren))
![s](img.png =10x20) ![e](my\_pic.png) ![amp](R&amp;D.pdf) ![n](R&#38;D.pdf)
<video src="m.mp4" poster="img.png"></video>
<IMG SRC='a b.png'> <object data=doc.pdf></object> | ![[img.png\|100]] | ![](a b (1).png)

<pre class="x">
![pre](img.png) [[doc.pdf]]
</pre>
"""
LINKED = r"""![q](@img.png) ![q](@img.png#x) ![t](@img.png "Fig (1)") ![p](@img.png (Paren))
![s](@img.png =10x20) ![e](@my_pic.png) ![amp](@R&D.pdf) ![n](@R&D.pdf)
<video src="@m.mp4" poster="@img.png"></video>
<IMG SRC="@a b.png"> <object data="@doc.pdf"></object> | ![img.png\|100](@img.png) | ![](@a b (1).png)

<pre class="x">
![pre](img.png) [[doc.pdf]]
</pre>"""


def test_links_as_programs_write_them(mine: User) -> None:
    names = ("img.png", "my_pic.png", "R&D.pdf", "m.mp4", "a b.png", "doc.pdf", "a b (1).png")
    result = send_zip(mine, {"A/n.md": LINKS, **{f"A/{name}": name.encode() for name in names}})
    assert (result["imported"], result["attachments"], result["errors"]) == (1, len(names), [])
    note = notes_of(mine)["n"]
    assert shown(mine, note) == LINKED


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("202401051011", "2024-01-05T10:11:00"),
        ("20240105101112", "2024-01-05T10:11:12"),
        ("20240105101112123", "2024-01-05T10:11:12.123000"),
        ("20240105", "2024-01-05T00:00:00"),
        (20240105, "2024-01-05T00:00:00"),
        ("20240105T1011", "2024-01-05T10:11:00"),
    ],
)
def test_dates_of_digits_alone(text: Any, at: str) -> None:
    read = read_date(text)
    assert read is not None
    assert read.replace(tzinfo=None).isoformat() == at


def test_a_number_that_is_no_date_is_the_seconds_that_it_counts() -> None:
    assert [str(read_date(text)) for text in ("209913990000", "1704450000", "1704450000123")] == [
        "1976-08-26 13:26:30+00:00", "2024-01-05 10:20:00+00:00", "2024-01-05 10:20:00.123000+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "course", "tags", "rest"),
    [
        ("course: [[Folder/Physics]]", "Physics", None, {}),
        ("course: [[Physics|Phys]]", "Phys", None, {}),
        ("course: [Plain]", "Plain", None, {}),
        ("tags: machine learning, deep work", "A", ["machine learning", "deep work"], {}),
        ("tags: '#a, #b/c d'", "A", ["a", "b/c d"], {}),
        ("tags: one two", "A", ["one", "two"], {}),
        ("Tags: one\nTAGS: two", "A", ["one"], {"TAGS": "two"}),
        ("created: 2024-01-05\nupdated: 2023-01-05", "A", None, {"updated": "2023-01-05"}),
    ],
)
def test_fields_of_others(head: str, course: str, tags: list[str] | None, rest: dict[str, str]) -> None:
    file = read_note("A/n.md", f"---\n{head}\n---\nx".encode(), "")
    said = [json.loads(str(file.payload.get(name, "{}"))) for name in ("metadata_json", "custom_meta")]
    assert (file.course, said) == (course, [{} if tags is None else {"tags": tags}, rest])


def test_a_note_that_says_only_when_it_was_edited_was_made_by_then(mine: User) -> None:
    send_zip(mine, {"a.md": "---\nupdated: 2020-02-03\n---\nx"})
    (note,) = notes_of(mine).values()
    assert (note["date_created"], note["last_edit"]) == ("2020-02-03T00:00:00Z", "2020-02-03T00:00:00Z")


@pytest.mark.parametrize("new", [b"1 changed", b"2"])
def test_a_changed_picture_of_an_unchanged_text_is_taken_over(mine: User, api: Api, new: bytes) -> None:
    files: Files = {"A/n.md": "x ![](p.png) ![](q.png)", "A/p.png": b"1", "A/q.png": b"q"}
    assert counts(send_zip(mine, files)) == (1, 0, 0)
    before = notes_of(mine)["n"]
    changed = {**files, "A/p.png": new}
    result = send_zip(mine, changed)
    assert (counts(result), result["attachments"]) == ((0, 1, 0), 1)
    after = notes_of(mine)["n"]
    url = after["content"].partition("](")[2].partition(")")[0]
    assert api.http.get(url).content == new
    assert [text for _, text in versions_of(mine, after)] == [before["content"]]
    assert counts(send_zip(mine, changed)) == (0, 0, 1)


def test_a_changed_file_of_an_own_export_is_taken_over(mine: User, other: User, api: Api) -> None:
    note = mine.post("notes/", {"title": "N", "content": "x"}).json()
    for data in (b"one", b"two"):
        mine.request("POST", f"notes/{note['id']}/attachments/", files={"file": ("a.bin", data)})
    whole = mine.get("notes/export/").content
    assert send(other, ("e.zip", whole))["attachments"] == 2
    assert counts(send(other, ("e.zip", whole)))[1] == 0
    files = exported(mine)
    path = next(name for name, data in files.items() if data == b"one")
    result = send(other, ("e.zip", packed({**files, path: b"six"})))
    assert (result["updated"], result["attachments"]) == (1, 1)
    listed = other.get(f"notes/{notes_of(other)['N']['id']}/attachments/").json()
    assert {api.http.get(one["url"]).content for one in listed} == {b"one", b"two", b"six"}


def test_a_file_that_cannot_come_is_no_change_each_time(mine: User) -> None:
    data = packed({"A/n.md": "![](big.bin) ![](bad.bin)", "A/big.bin": b"x" * (21 << 20), "A/bad.bin": b"damaged"})
    data = data.replace(b"damaged", b"DAMAGED")
    assert [one["file"] for one in send(mine, ("v.zip", data))["errors"]] == ["A/big.bin", "A/bad.bin"]
    again = send(mine, ("v.zip", data))
    assert (again["updated"], again["unchanged"]) == (0, 1)
    assert versions_of(mine, notes_of(mine)["n"]) == []


def test_zips_packed_otherwise(mine: User) -> None:
    files: Files = {"A: first.md": "x", "C:/out.md": "y", "B/b: c.md": "z"}
    result = send(mine, ("v.zip", packed(files)))
    assert (result["imported"], [one["file"] for one in result["errors"]]) == (2, ["C:/out.md"])
    by_deflate64 = packed({"n.md": "text"})
    for sign, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        start = by_deflate64.index(sign) + at
        by_deflate64 = by_deflate64[:start] + b"\x09\0" + by_deflate64[start + 2 :]
    (error,) = send(mine, ("v.zip", by_deflate64))["errors"]
    assert (error["file"], "Deflate" in error["error"]) == ("n.md", True)


def test_html_that_markdown_has_no_word_for() -> None:
    html = (
        "<p>10<sup>2</sup> H<sub>2</sub>O</p><table><tr><th>a|b</th></tr><tr><td><code>c|d</code></td></tr></table>"
        "<ul><li><input type=checkbox checked>done</li><li><input type=checkbox>open</li></ul>"
    )
    assert to_markdown(html)[0] == (
        "10<sup>2</sup> H<sub>2</sub>O\n\n| a\\|b |\n| --- |\n| `c\\|d` |\n\n- [x] done\n- [ ] open"
    )


def test_another_course_or_visibility_of_a_file_is_named(mine: User, other: User) -> None:
    course = mine.post("courses/", {"title": "Physics"}).json()["id"]
    mine.post("notes/", {"title": "N", "content": "x", "course_id": course, "description": "d"})
    files = exported(mine)
    path = next(name for name in files if "/N-" in name)
    whole = packed(files)
    assert send(other, ("e.zip", whole))["notices"] == []
    assert send(other, ("e.zip", whole))["notices"] == []
    edited = (
        files[path].replace(b'course: "Physics"', b'course: "Maths"').replace(b"is_public: false", b"is_public: true")
    )
    result = send(other, ("e.zip", packed({**files, path: edited})))
    said = f"{comparing.OTHER_COURSE.format(course='Maths')} {comparing.OTHER_READERS.format(readers='public')}"
    assert (result["updated"], result["notices"]) == (0, [{"file": path, "error": said}])
    note = notes_of(other)["N"]
    assert (note["course"]["title"], note["is_public"]) == ("Physics", False)


def test_a_dry_run_by_any_word_for_yes_changes_nothing(mine: User) -> None:
    for word in ("yes", "on", "TRUE"):
        answer = mine.request("POST", f"notes/import/?dry_run={word}", files={"file": ("a.md", b"x")})
        assert answer.json()["dry_run"] is True
    assert notes_of(mine) == {}
