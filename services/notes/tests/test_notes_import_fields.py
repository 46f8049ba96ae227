"""Fields of other programs' files: what fits a column is used, all else is in `custom_meta`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from services.notes.tests.test_notes_exchange import exported, imported
from services.notes.tests.test_notes_exchange import packed as packed_files
from services.notes.tests.test_notes_import import notes_of, send_zip
from services.notes.tests.test_notes_readers import send
from tests.support.client import User

from notes_service.exchange import front_matter
from notes_service.exchange.dates import is_ambiguous, read_date
from notes_service.exchange.reading import read_note


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-01-05", "2024-01-05T00:00:00"),
        ("2024/01/05", "2024-01-05T00:00:00"),
        ("2024/1/5 7:08", "2024-01-05T07:08:00"),
        ("2024.01.05 23:59:59", "2024-01-05T23:59:59"),
        ("2024-01-05T10:00:00+02:00", "2024-01-05T08:00:00"),
        ("2024/01/05 10:00 +0230", "2024-01-05T07:30:00"),
        ("2024-01-05 10:00:00 UTC", "2024-01-05T10:00:00"),
        ("1704450000", "2024-01-05T10:20:00"),
        (1704450000, "2024-01-05T10:20:00"),
        ("1704450000123", "2024-01-05T10:20:00.123000"),
        (1704450000.5, "2024-01-05T10:20:00.500000"),
        ("1704450000123456", "2024-01-05T10:20:00.123456"),
        ("07-01-2024 06:24 PM", "2024-07-01T18:24:00"),
        ("07/01/2024 12:05 am", "2024-07-01T00:05:00"),
        ("31/12/2023", "2023-12-31T00:00:00"),
        ("05.01.2024 14:30", "2024-01-05T14:30:00"),
        ("January 5, 2024", "2024-01-05T00:00:00"),
        ("5 Jan 2024 10:11", "2024-01-05T10:11:00"),
        ("Friday, January 5th 2024, 3:04:05 pm", "2024-01-05T15:04:05"),
        ("Jan 5, 2024 at 3:04 PM", "2024-01-05T15:04:00"),
        ("20240105T101112Z", "2024-01-05T10:11:12"),
        ("Fri, 05 Jan 2024 10:00:00 +0100", "2024-01-05T09:00:00"),
        (["2024-01-05"], "2024-01-05T00:00:00"),
    ],
)
def test_dates_are_read_as_apps_write_them(text: Any, at: str) -> None:
    read = read_date(text)
    assert read is not None
    assert read.replace(tzinfo=None).isoformat() == at


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2024", "12", "5", "2024-13-01", "32/12/2023", "25:00", "2024-01-05T25:00", "99999999999999999999",
     "13:00 pm", "Foo 5, 2024", "Feb 30, 2024", "20241305T101112Z", ["a", "b"], {"a": 1}, None, True, "1" * 70,
     "٢٠٢٤-٠١-٠٥ 0٠", "0000-00-00"],
)  # fmt: skip
def test_what_is_no_date_is_none(text: Any) -> None:
    assert read_date(text) is None


def test_a_date_whose_month_could_be_its_day_is_known() -> None:
    assert [is_ambiguous(text) for text in ("07-01-2024", "07/07/2024", "31/12/2023", "01.02.2024", "2024-01-02")] == [
        True, False, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "kept", "more"),
    [
        ("created: 2024/01/05\ndate: 2023-05-06", {"date": "2023-05-06"}, {"date_created": "2024-01-05T00:00:00Z"}),
        ("created: soon\ndate: 2023-05-06", {"created": "soon"}, {"date_created": "2023-05-06T00:00:00Z"}),
        ("date: 2099-01-01", {"date": "2099-01-01"}, {}),
        ("created: 07-01-2024 06:24 PM", {"created": "07-01-2024 06:24 PM"}, {"date_created": "2024-07-01T18:24:00Z"}),
        ("date created: 1704450000000\nlastmod: 1704450001", None, {"date_created": "2024-01-05T10:20:00Z",
                                                                     "last_edit": "2024-01-05T10:20:01Z"}),
        (f"title: {'long ' * 30}", {"title": ("long " * 30).strip()}, {"title": ("long " * 20).strip()}),
        ("title: [One, Two]", {"title": ["One", "Two"]}, {"title": "file"}),
        ("title: {de: Eins}", {"title": {"de": "Eins"}}, {"title": "file"}),
        ("title: [Only]", {"title": ["Only"]}, {"title": "Only"}),
        ("uuid: 01HQ3K4X", {"uuid": "01HQ3K4X"}, {}),
        ("uuid: {a: b}", {"uuid": {"a": "b"}}, {}),
        ("uuid: 7d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10", {"uuid": "7d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10"}, {}),
        ("description: [a, b]", {"description": ["a", "b"]}, {"description": ""}),
        ("tags: {a: b}", {"tags": {"a": "b"}}, {"metadata_json": ""}),
        ("tags: [a, {b: c}]", {"tags": ["a", {"b": "c"}]}, {"metadata_json": '{"tags": ["a"]}'}),
        ("tags: '#one, #two'", None, {"metadata_json": '{"tags": ["one", "two"]}'}),
        ("Title: First\ntitle: Second", {"Title": "First"}, {"title": "Second"}),
        ("Title: First\nTAGS: [a]", None, {"title": "First", "metadata_json": '{"tags": ["a"]}'}),
    ],
)  # fmt: skip
def test_what_fits_is_used_and_nothing_is_dropped(
    mine: User, head: str, kept: dict[str, Any] | None, more: dict[str, Any]
) -> None:
    assert send_zip(mine, {"file.md": f"---\n{head}\n---\ntext"})["errors"] == []
    (note,) = notes_of(mine).values()
    assert (json.loads(note["custom_meta"]) if note["custom_meta"] else None) == kept
    assert {name: note[name] for name in more} == more
    assert note["content"] == "text"


@pytest.mark.parametrize(
    ("value", "course"),
    [
        ("[[Physics]]", "Physics"),
        ("'[[Physics]]'", "Physics"),
        ("'[[Uni/Physics.md]]'", "Physics"),
        ("'[[Uni/Physics|The course]]'", "The course"),
        ("'[Physics](Physics.md)'", "Physics"),
        ("[Physics]", "Physics"),
        ("7", "7"),
        ("", None),
    ],
)
def test_a_course_is_read_from_a_link(mine: User, value: str, course: str | None) -> None:
    send_zip(mine, {"Folder/file.md": f"---\ncourse: {value}\n---\ntext"})
    (note,) = notes_of(mine).values()
    assert (note["course"] and note["course"]["title"]) == course
    assert note["custom_meta"] == ""


@pytest.mark.parametrize("value", ["[Physics, Maths]", "{a: b}", "c" * 130])
def test_a_course_that_is_none_is_kept_and_the_folder_counts(mine: User, value: str) -> None:
    send_zip(mine, {"Folder/file.md": f"---\ncourse: {value}\n---\ntext"})
    (note,) = notes_of(mine).values()
    assert note["course"]["title"] in {"Folder", "c" * 120}
    assert "course" in json.loads(note["custom_meta"])


def test_a_long_file_name_is_kept_whole() -> None:
    payload = read_note(f"{'n' * 150}.md", b"text", "").payload
    assert (payload["title"], payload["custom_meta"]) == ("n" * 100, json.dumps({"title": "n" * 150}))


@pytest.mark.parametrize("head", ["a: 1\na: 2", "a: {b: 1, b: 2}", "tags: [x]\ntags: [y]"])
def test_a_key_that_comes_twice_leaves_the_block_in_the_text(head: str) -> None:
    text = f"---\n{head}\n---\nbody"
    assert front_matter.read(text) == ({}, text)


def test_fields_of_an_own_file_that_do_not_fit_are_kept(mine: User, other: User) -> None:
    mine.post("notes/", {"title": "Loose", "content": "text"})
    files = {name: data.decode() for name, data in exported(mine).items()}
    (path,) = [name for name in files if "Loose" in name]
    files[path] = files[path].replace('title: "Loose"', f"title: {json.dumps('L' * 120)}")
    files[path] = files[path].replace('description: ""', f"description: {json.dumps('d' * 700)}")
    assert imported(other, packed_files(files))["errors"] == []
    note = next(note for title, note in notes_of(other).items() if title.startswith("LLL"))
    assert json.loads(note["custom_meta"]) == {"title": "L" * 120, "description": "d" * 700}


def test_changed_fields_alone_are_taken_over_and_those_of_apps_stay(mine: User) -> None:
    text = "---\ntags: [a]\nrating: 1\n---\nbody"
    send_zip(mine, {"a.md": text})
    (note,) = notes_of(mine).values()
    app = {"tags": ["a"], "app": {"folded": True}}
    mine.patch(f"notes/{note['id']}/", {"metadata_json": json.dumps(app)})
    assert send_zip(mine, {"a.md": text})["unchanged"] == 1
    assert send_zip(mine, {"a.md": text.replace("[a]", "[a, b]").replace("rating: 1", "rating: 2")})["updated"] == 1
    (after,) = notes_of(mine).values()
    assert json.loads(after["metadata_json"]) == {**app, "tags": ["a", "b"]}
    assert json.loads(after["custom_meta"]) == {"rating": "2"}
    assert after["content"] == "body"


def test_a_null_description_comes_back_as_null(mine: User, other: User) -> None:
    note = mine.post("notes/", {"title": "Null"}).json()
    mine.patch(f"notes/{note['id']}/", {"description": None})
    assert imported(other, packed_files(exported(mine)))["errors"] == []
    assert notes_of(other)["Null"]["description"] is None


@pytest.mark.parametrize(
    ("text", "fields", "body"),
    [
        ("---  \ntitle: T\n---\t\nx", {"title": "T"}, "x"),
        ("---\ntitle: T\n...\nx", {"title": "T"}, "x"),
        ("---\ntitle: T\n... ", {"title": "T"}, ""),
        ("---\r\ntitle: T\r\n--- \r\nx\r\ny", {"title": "T"}, "x\ny"),
        ("---\n---\nx", {}, "x"),
        ("---\ntitle: T\n----\nx", {}, "---\ntitle: T\n----\nx"),
        ("----\ntitle: T\n---\nx", {}, "----\ntitle: T\n---\nx"),
        ('+++\ntitle = "T"\n+++\nx', {"title": "T"}, "x"),
        ('+++ \r\ntitle = "T"\r\n+++\r\nx', {"title": "T"}, "x"),
        ("+++\n+++\nx", {}, "x"),
        ("+++\ntitle: T\n+++\nx", {}, "+++\ntitle: T\n+++\nx"),
        ('+++\ntitle = "T"\n---\nx', {}, '+++\ntitle = "T"\n---\nx'),
        ('+++\na = "x"\na = "y"\n+++\n', {}, '+++\na = "x"\na = "y"\n+++\n'),
        ("+++\na = true\nb = " + "9" * 400 + "\n+++\n", {"a": True, "b": "9" * 400}, ""),
        ("+++\n" + "a = " + "[" * 5000 + "\n+++\n", {}, "+++\n" + "a = " + "[" * 5000 + "\n+++\n"),
    ],
)
def test_the_lines_around_front_matter(text: str, fields: dict[str, Any], body: str) -> None:
    assert front_matter.read(text) == (fields, body)


def test_fields_of_toml_keep_their_types_and_are_used(mine: User) -> None:
    text = (
        '+++\ntitle = "Cells"\ndate = 2024-01-05T10:00:00+02:00\nlastmod = 2024-01-06\ndraft = true\nweight = 3\n'
        "tags = ['biology', 'lab']\nmost = inf\nbig = 9007199254740993\nat = 07:30:00\n[params]\nrate = 1.5\n+++\n\n"
        "Text"
    )
    send(mine, ("cells.md", text.encode()))
    (note,) = notes_of(mine).values()
    assert (note["title"], note["content"], note["date_created"]) == ("Cells", "Text", "2024-01-05T08:00:00Z")
    assert json.loads(note["metadata_json"]) == {"tags": ["biology", "lab"]}
    assert json.loads(note["custom_meta"]) == {
        "draft": True, "weight": 3, "most": "inf", "big": "9007199254740993", "at": "07:30:00", "params": {"rate": 1.5},
    }  # fmt: skip
