"""Recycle bin, export, import and versions on the pages, over plain HTTP."""

from __future__ import annotations

import html
import io
import re
import zipfile

import httpx
from tests.support.client import Api, User, eventually
from tests.support.full_account import archive
from tests.support.people import Person, words

HOSTILE = '<img src=x onerror="alert(1)">'


def send(person: Person, files: list[tuple[str, bytes]], **fields: str) -> httpx.Response:
    """The form of the import, with files."""
    hidden = person.hidden(person.get("notes/import/").text)
    parts = [("file", (name, content, "application/octet-stream")) for name, content in files]
    return person.http.post("/account/notes/import/", data={**hidden, **fields}, files=parts)


def finished(person: Person, path: str) -> str:
    """The page of an import, once it does not load itself again."""
    eventually(lambda: 'http-equiv="refresh"' not in person.get(path).text, what="the import is done")
    return person.get(path).text


def test_notes_are_listed_and_looked_for(ida: User, person: Person) -> None:
    for number in range(32):
        ida.post("notes/", {"title": f"Note {number}", "content": "about bees" if number == 7 else "x"})
    page = person.get("notes/").text
    assert "Note 31" in page
    (older,) = re.findall(r'href="(/account/notes/\?[^"]+)" rel="next"', page)
    assert "Note 0" in person.get(html.unescape(older)).text
    found = words(person.get("notes/", q="bees").text)
    assert "Notes: 1." in found
    assert "Note 7" in found
    assert "No notes." in words(person.get("notes/", q=HOSTILE).text)
    assert HOSTILE not in person.get("notes/", q=HOSTILE).text


def test_deleted_notes_come_back_or_go_for_good(ida: User, person: Person) -> None:
    kept, gone, more = (ida.post("notes/", {"title": f"{HOSTILE} {n}", "content": "x" * 3000}).json() for n in "abc")
    for note in (kept, gone, more):
        ida.delete(f"notes/{note['id']}/")
    page = person.get("notes/bin/")
    assert HOSTILE not in page.text
    assert "There are 3." in words(page.text)
    assert "3 KB" in words(page.text)
    back = person.submit("notes/bin/", {}, action=f"/account/notes/bin/{kept['id']}/restore/")
    assert back.headers["location"] == "/account/notes/bin/"
    assert ida.get(f"notes/{kept['id']}/").status_code == 200
    asked = person.get(f"notes/bin/{gone['id']}/purge/")
    assert "Remove for good" in asked.text
    assert HOSTILE not in asked.text
    assert person.submit(f"notes/bin/{gone['id']}/purge/", {}).status_code == 303
    assert [row["id"] for row in ida.get("notes/deleted/").json()] == [more["id"]]
    assert person.get(f"notes/bin/{gone['id']}/purge/").status_code == 404
    assert "All 1 deleted notes" in person.get("notes/bin/empty/").text
    assert person.submit("notes/bin/empty/", {}).status_code == 303
    assert ida.get("notes/deleted/").json() == []
    assert "It is empty." in person.get("notes/bin/").text


def test_an_export_is_saved_and_imported_again(api: Api, ida: User, person: Person) -> None:
    ida.post("notes/", {"title": "Mitosis", "content": "cells"})
    assert "Obsidian" in person.get("notes/export/").text
    whole = person.get("notes/export/file/", format="ours")
    assert whole.headers["content-type"] == "application/zip"
    assert whole.headers["content-disposition"].startswith('attachment; filename="notechondria-')
    assert whole.headers["cache-control"] == "no-store"
    assert any("Mitosis" in name for name in zipfile.ZipFile(io.BytesIO(whole.content)).namelist())
    assert person.get("notes/export/file/", format="jex").headers["content-type"] == "application/x-tar"
    assert person.get("notes/export/file/", format="nonsense").status_code == 200
    with Person(api) as other:
        ben = api.register()
        other.sign_in(ben.username)
        begun = send(other, [("export.zip", whole.content)])
        assert begun.status_code == 303
        page = words(finished(other, begun.headers["location"]))
        assert "The import is done" in page
        assert "Mitosis" in [row["title"] for row in ben.get("notes/?scope=personal").json()]
        assert person.get(begun.headers["location"]).status_code == 404


def test_an_import_names_what_was_not_taken_and_why(ida: User, person: Person) -> None:
    packed = archive(**{"good.md": "# Good\n\ntext", f"{HOSTILE[:20]}.md": "\x00bad", "empty.bin": "x"})
    trial = send(person, [("notes.zip", packed)], dry_run="yes")
    page = finished(person, trial.headers["location"])
    assert "This was a trial" in page
    assert not [row for row in ida.get("notes/?scope=personal").json() if row["title"] == "Good"]
    done = finished(person, send(person, [("notes.zip", packed)]).headers["location"])
    assert HOSTILE[:10] not in done
    assert "good.md" in done
    assert words(done).index("not taken") < words(done).index("good.md")
    assert [row for row in ida.get("notes/?scope=personal").json() if row["title"] == "Good"]


def test_what_cannot_be_imported_is_said_beside_the_form(api: Api, person: Person) -> None:
    broken = send(person, [("notes.zip", b"PK\x03\x04 this is no archive")])
    assert broken.status_code == 400
    assert 'role="alert"' in broken.text
    assert "Import refused" in words(broken.text)
    assert "Notes.Import" not in broken.text
    assert person.post("notes/import/", csrf=person.csrf()).status_code == 400
    other = api.register()
    with Person(api) as stranger:
        stranger.sign_in(other.username)
        parts = [("file", ("a.md", b"x", "text/markdown"))]
        forged = stranger.http.post("/account/notes/import/", data={"csrf": person.csrf()}, files=parts)
        assert forged.status_code == 403
        assert stranger.http.post("/account/notes/import/", files=parts).status_code == 403


def test_versions_stand_side_by_side_and_one_is_brought_back(api: Api, ida: User, person: Person) -> None:
    lines = [f"line {number}" for number in range(40)]
    note = ida.post("notes/", {"title": "Mitosis", "content": "\n".join([*lines, HOSTILE])}).json()
    ida.post(f"notes/{note['id']}/snapshot/", {"reason": "manual"})
    lines[20] = "line twenty"
    ida.patch(f"notes/{note['id']}/", {"content": "\n".join([*lines, "the end"]), "title": "Meiosis"})
    page = person.get(f"notes/{note['id']}/versions/").text
    assert "kept on purpose" in page
    (path,) = set(re.findall(r'/account/(notes/\d+/versions/\d+/)"', page))
    shown = person.get(path).text
    assert HOSTILE not in shown
    assert "<del>20</del>" in shown
    assert "<ins>twenty</ins>" in shown
    assert "lines are the same" in shown
    assert re.search(r"<del>[^<]*img src=x", shown)
    assert "Bring the version of" in person.get(f"{path}restore/").text
    assert person.submit(f"{path}restore/", {}).status_code == 303
    back = ida.get(f"notes/{note['id']}/").json()
    assert back["title"] == "Mitosis"
    assert "line 20" in back["content"]
    assert "says the same" in person.get(path).text
    assert len(ida.get(f"notes/{note['id']}/history/").json()) == 2
    with Person(api) as stranger:
        stranger.sign_in(api.register().username)
        ida.patch(f"notes/{note['id']}/", {"is_public": True})
        for there in (f"notes/{note['id']}/versions/", path, f"{path}restore/"):
            assert stranger.get(there).status_code in {400, 403, 404}
        assert stranger.post(f"{path}restore/", csrf=stranger.csrf()).status_code in {400, 403, 404}
    assert person.get(f"notes/{note['id']}/versions/999999999/").status_code == 404


def test_of_long_texts_the_beginning_is_compared(ida: User, person: Person) -> None:
    text = f"{'x' * 999}\n" * 1100
    note = ida.post("notes/", {"title": "Long", "content": text}).json()
    ida.post(f"notes/{note['id']}/snapshot/", {"reason": "manual"})
    ida.patch(f"notes/{note['id']}/", {"content": f"other\n{text}"})
    (path,) = set(re.findall(r'/account/(notes/\d+/versions/\d+/)"', person.get(f"notes/{note['id']}/versions/").text))
    shown = person.get(path)
    assert shown.status_code == 200
    assert "There is more" in shown.text
    assert "other</" in shown.text
    assert len(shown.text) < 2_000_000


def test_the_bins_of_others_are_not_mine(api: Api, ida: User, person: Person) -> None:
    note = ida.post("notes/", {"title": "Secret of Ida"}).json()
    ida.delete(f"notes/{note['id']}/")
    with Person(api) as stranger:
        stranger.sign_in(api.register().username)
        csrf = stranger.csrf()
        assert "Secret" not in stranger.get("notes/bin/").text
        assert stranger.get(f"notes/bin/{note['id']}/purge/").status_code == 404
        for action in ("restore", "purge"):
            assert stranger.post(f"notes/bin/{note['id']}/{action}/", csrf=csrf).status_code == 404
            assert stranger.post(f"notes/bin/{note['id']}/{action}/", csrf=person.csrf()).status_code == 403
        assert stranger.post("notes/bin/empty/", csrf=csrf).status_code == 303
    assert len(ida.get("notes/deleted/").json()) == 1
