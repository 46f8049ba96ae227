"""Exports of a course or a note alone, as an Obsidian vault, as Joplin's JEX, and one note as a file."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from services.notes.tests.test_notes_exchange import PICTURE, imported, packed
from services.notes.tests.test_notes_import import files_of, notes_of
from services.notes.tests.test_notes_readers import send
from tests.support.client import Api, User

from notes_service.exchange.plain_names import plain_name
from notes_service.exchange.single import LONGEST


def export(user: User, query: str) -> dict[str, bytes]:
    answer = user.get(f"notes/export/{query}")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def account(user: User) -> dict[str, dict[str, Any]]:
    """Two notes of a course that link to each other and to a file, one without a course, one in the bin."""
    course = user.post("courses/", {"title": "Wave: theory/optics", "description": "d"}).json()["id"]
    body = {"course_id": course, "metadata_json": '{"tags": ["light", "to see"]}', "custom_meta": '{"rating": 5}'}
    lens = user.post("notes/", {"title": "Lens?", **body}).json()
    other = user.post("notes/", {"title": "lens", "course_id": course}).json()
    sent = user.request("POST", f"notes/{lens['id']}/attachments/", files={"file": ("my sketch.png", PICTURE)})
    url = sent.json()["url"]
    user.request("POST", f"notes/{lens['id']}/cover/", files={"cover": ("c.png", PICTURE)})
    link = f"https://app.example/#/notes/{other['uuid']}?x=1"
    text = f"![s]({url}) [o]({link}) `{url}` [out](https://a.example/media/x)"
    lens = user.patch(f"notes/{lens['id']}/", {"content": text}).json()
    other = user.patch(f"notes/{other['id']}/", {"content": f"[far]({url}#page=2) [l](#/notes/{lens['uuid']})"}).json()
    loose = user.post("notes/", {"title": "Loose", "content": f"[l](#/notes/{lens['uuid']})"}).json()
    gone = user.post("notes/", {"title": "Binned", "course_id": course}).json()
    user.delete(f"notes/{gone['id']}/")
    return {"lens": lens, "other": other, "loose": loose, "gone": gone, "course": {"id": course}, "url": {"url": url}}


def test_files_of_a_vault_differ_by_more_than_their_case(mine: User) -> None:
    note = mine.post("notes/", {"title": "COM¹", "content": "x"}).json()
    urls = []
    for name in ("pic.png", "PIC.png", "Pic-2.png", "cover.png", "É.txt", "é.txt"):
        sent = mine.request("POST", f"notes/{note['id']}/attachments/", files={"file": (name, name.encode())})
        urls.append(sent.json()["url"])
    mine.request("POST", f"notes/{note['id']}/cover/", files={"cover": ("c.png", PICTURE)})
    mine.patch(f"notes/{note['id']}/", {"content": " ".join(f"![]({url})" for url in urls)})
    files = export(mine, f"?format=obsidian&note_id={note['id']}")
    assert len({name.casefold() for name in files}) == len(files)
    (text,) = (data.decode() for name, data in files.items() if name == "_COM¹.md")
    linked = [unquote(link) for link in re.findall(r"!\[\]\((.*?)\)", text)]
    assert [files[link] for link in linked] == [
        name.encode() for name in ("pic.png", "PIC.png", "Pic-2.png", "cover.png", "É.txt", "é.txt")
    ]


def test_a_course_or_a_note_alone_comes_back(mine: User, other: User) -> None:
    made = account(mine)
    files = export(mine, f"?course_id={made['course']['id']}")
    assert sorted(name.split("/")[0] for name in files if name.endswith(".md")) == ["deleted", "notes", "notes"]
    assert [one["title"] for one in json.loads(files["courses.json"])["courses"]] == ["Wave: theory/optics"]
    assert imported(other, packed(files))["imported"] == 3
    files = export(mine, f"?note_id={made['lens']['id']}")
    assert len([name for name in files if name.endswith(".md")]) == 1
    assert [one["title"] for one in json.loads(files["courses.json"])["courses"]] == ["Wave: theory/optics"]
    assert imported(other, packed(files))["unchanged"] == 1
    assert "notes/Inbox" not in "".join(export(mine, f"?note_id={made['loose']['id']}"))


@pytest.mark.parametrize("query", ["?course_id={course}", "?note_id={note}", "?course_id=999999999", "?note_id={gone}"])
@pytest.mark.parametrize("form", ["obsidian", "ours"])
def test_of_others_there_is_nothing_in_it(mine: User, other: User, query: str, form: str) -> None:
    made = account(mine)
    ids = {"course": made["course"]["id"], "note": made["lens"]["id"], "gone": made["gone"]["id"]}
    assert not [name for name in export(other, f"{query.format(**ids)}&format={form}") if name.endswith(".md")]
    jex = other.get(f"notes/export/{query.format(**ids)}&format=jex")
    assert (jex.status_code, jex.content.strip(b"\0")) == (200, b"")


@pytest.mark.parametrize("query", ["?format=docx", "?course_id=x", "?note_id=-"])
def test_what_cannot_be_read_is_400(mine: User, query: str) -> None:
    assert mine.get(f"notes/export/{query}").status_code == 400


def test_an_obsidian_vault(mine: User) -> None:
    made = account(mine)
    files = export(mine, "?format=obsidian")
    names = [name for name in files if name.endswith(".md")]
    folder = "Wave theory optics"
    assert names == ["Inbox/Welcome to Notechondria.md", f"{folder}/Lens.md", f"{folder}/lens 2.md", "Loose.md"]
    head, _, body = files[f"{folder}/Lens.md"].decode().removeprefix("---\n").partition("\n---\n\n")
    fields = yaml.safe_load(head)
    assert (fields["title"], fields["tags"], fields["rating"]) == ("Lens?", ["light", "to see"], 5)
    assert {"created", "updated", "cover"} <= fields.keys()
    sketch = next(name for name in files if name.endswith("sketch.png"))
    url = made["url"]["url"]
    assert body == f"![s](../{sketch}) [o](lens%202.md) `{url}` [out](https://a.example/media/x)"
    assert files[sketch] == PICTURE
    assert files[f"{folder}/lens 2.md"].decode().endswith(f"[far](../{sketch}#page=2) [l](Lens.md)")
    assert files["Loose.md"].decode().endswith("[l](Wave%20theory%20optics/Lens.md)")
    alone = export(mine, f"?format=obsidian&note_id={made['loose']['id']}")
    assert alone["Loose.md"].decode().endswith(f"[l](#/notes/{made['lens']['uuid']})")  # it is not there


def test_an_obsidian_vault_comes_back(mine: User, other: User) -> None:
    account(mine)
    result = send(other, ("vault.zip", packed(export(mine, "?format=obsidian"))))
    assert (result["imported"], result["errors"]) == (4, [])
    lens = notes_of(other)["Lens?"]
    assert set(files_of(other, lens)) == {"my_sketch.png"}
    assert (json.loads(lens["metadata_json"]), lens["course"]["title"]) == (
        {"tags": ["light", "to see"]}, "Wave theory optics",
    )  # fmt: skip


def test_a_jex_comes_back_with_links_files_and_tags(mine: User, other: User, api: Api) -> None:
    account(mine)
    answer = mine.get("notes/export/?format=jex")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-tar")
    with tarfile.open(fileobj=io.BytesIO(answer.content), mode="r:") as archive:
        names = archive.getnames()
        assert len(names) == len(set(names))
        items = [archive.extractfile(name).read().decode() for name in names if name.endswith(".md")]  # type: ignore[union-attr]
    kinds = sorted(re.search(r"type_: (\d)", text)[1] for text in items)  # type: ignore[index]
    assert kinds == [*"1111", *"222", "4", *"55", *"66"]
    assert all(re.search(r"^id: [0-9a-f]{32}$", text, re.MULTILINE) for text in items)
    result = send(other, ("x.jex", answer.content))
    assert (result["imported"], result["attachments"], result["errors"]) == (4, 2, [])
    notes = notes_of(other)
    lens, far = notes["Lens?"], notes["lens"]
    (url,) = files_of(other, lens).values()
    assert api.http.get(url).content == PICTURE
    assert f"[o](#/notes/{far['uuid']})" in lens["content"]
    assert (lens["course"]["title"], notes["Loose"]["course"]["title"]) == ("Wave: theory/optics", "Notechondria")
    assert sorted(json.loads(lens["metadata_json"])["tags"]) == ["light", "to see"]
    assert mine.get("notes/export/?format=JEX").content == answer.content


HOSTILE = (
    "# Title\n\n<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))\n\n"
    "<iframe src='https://a.example'></iframe><style>*{display:none}</style>\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n"
)


@pytest.mark.parametrize("form", ["html", "print", "HTML"])
def test_a_page_in_which_nothing_can_run(mine: User, form: str) -> None:
    note = mine.post("notes/", {"title": 'A "b"; <i>\u00e9', "content": HOSTILE}).json()
    answer = mine.get(f"notes/{note['id']}/export/?format={form}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"A b ; i _.html\"; filename*=UTF-8''A%20b%20%3B%20i%20%C3%A9.html"
    )
    policy = answer.headers["content-security-policy"]
    assert all(part in policy for part in ("default-src 'none'", "sandbox", "frame-ancestors 'none'"))
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = answer.text.partition("<body>")[2]
    assert "<td><del>2</del></td>" in body or "<s>2</s>" in body
    for evil in ("<script", "onerror", 'href="javascript:', "<iframe", "<style"):
        assert evil not in body
    assert ("@page" in answer.text) == (form == "print")
    assert "<title>A &quot;b&quot;; &lt;i&gt;é</title>" in answer.text


def test_one_note_as_markdown(mine: User, other: User, api: Api) -> None:
    note = mine.post("notes/", {"title": "One", "content": "# One\n\ntext", "custom_meta": '{"k": "v"}'}).json()
    path = f"notes/{note['id']}/export/"
    answer = mine.get(path)
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    head, _, body = answer.text.removeprefix("---\n").partition("\n---\n\n")
    assert (body, yaml.safe_load(head)["k"]) == ("# One\n\ntext", "v")
    assert (other.get(path).status_code, api.get(path).status_code) == (400, 400)
    assert isinstance(other.get(path).json(), list)
    mine.patch(f"notes/{note['id']}/", {"is_public": True})
    assert api.get(f"{path}?format=html").status_code == 200
    assert mine.get(f"{path}?format=docx").status_code == 400
    assert mine.get("notes/999999999/export/").status_code == 404
    mine.patch(f"notes/{note['id']}/", {"content": "x" * (LONGEST + 1)})
    refused = mine.get(f"{path}?format=html")
    assert (refused.status_code, list(refused.json())) == (400, ["detail"])


@pytest.mark.parametrize(
    ("title", "name"),
    [("a/b\\c:d*e?f", "a b c d e f"), ("CON", "_CON"), ("nul.txt", "_nul.txt"), ("...", "_"), (" x. ", "x"),
     ("é" * 100, "é" * 60), ("a\u202eb", "ab"), ("[[x]]#y^z|", "x y z"), ("日本", "日本")],
)  # fmt: skip
def test_names_are_safe_on_every_system(title: str, name: str) -> None:
    assert plain_name(title) == name
