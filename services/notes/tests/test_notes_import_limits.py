"""How much an import may be, how many are under way at once, and a disk that is full (docs/notes.md)."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import httpx
import pytest
from services.notes.tests.test_notes_import import taken
from tests.support.client import Api, User, eventually
from tests.support.replica import another

from notechondria_launcher.stack import Stack
from notechondria_shared.core.errors import BadRequest
from notes_service.exchange.archive import Archive
from notes_service.exchange.limits import Limits

MIB = 1024 * 1024
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="notes.zip"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def packed(files: Mapping[str, bytes | str], how: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def bring_in(user: User, data: bytes) -> httpx.Response:
    return user.request("POST", "notes/import/", files={"file": ("notes.zip", data)})


def refused(answer: httpx.Response, text: str) -> None:
    assert (answer.status_code, list(answer.json())) == (400, ["detail"]), answer.text
    assert text in answer.json()["detail"]


@pytest.fixture(scope="module")
def small(stack: Stack) -> Iterator[Api]:
    """A stack that takes one import at a time, of 1 MiB and three files."""
    environment = {"IMPORT_MAX_MIB": "1", "IMPORT_MAX_FILES": "3", "IMPORT_AT_ONCE": "1"}
    with another(stack, "notes", **environment) as url, Api(stack, url) as api:
        yield api


def test_an_export_of_more_than_20_mib_comes_back_whole(mine: User, other: User, api: Api) -> None:
    contents = {name: os.urandom(12 * MIB) for name in ("a.bin", "b.bin", "c.bin")}
    for name, content in contents.items():
        note = mine.post("notes/", {"title": name}).json()
        sent = mine.request("POST", f"notes/{note['id']}/attachments/", files={"file": (name, content)})
        assert sent.status_code == 201
    export = mine.get("notes/export/").content
    assert len(export) > 36 * MIB
    answer = bring_in(other, export)
    assert taken(answer) == {"imported": 4, "updated": 0, "unchanged": 0, "attachments": 3, "errors": [], "notices": []}
    copies = [note for note in other.get("notes/").json() if note["title"] in contents]
    files = [other.get(f"notes/{note['id']}/attachments/").json() for note in copies]
    assert {file["original_filename"]: file["file_size"] for (file,) in files} == dict.fromkeys(contents, 12 * MIB)
    assert {file["original_filename"]: api.http.get(file["url"]).content for (file,) in files} == contents


def test_what_is_sent_is_bounded_and_the_refusal_says_by_what(mine: User, small: Api) -> None:
    user = replace(mine, api=small)
    assert bring_in(user, packed({"a.md": "text", "b.bin": bytes(MIB - 1000)})).status_code == 200
    text = "exceeds maximum size of 1 MiB."
    refused(bring_in(user, packed({"b.bin": bytes(MIB)})), text)
    refused(bring_in(user, packed({"b.bin": bytes(3 * MIB)})), text)
    half = bytes(MIB // 2 + 1)
    refused(user.request("POST", "notes/import/", files=[("f", ("a.bin", half)), ("f", ("b.bin", half))]), text)


def test_what_is_unpacked_is_bounded_by_twenty_times_that(mine: User, small: Api) -> None:
    user = replace(mine, api=small)
    bomb = {"a.bin": bytes(11 * MIB), "b.bin": bytes(9 * MIB + 1)}
    refused(bring_in(user, packed(bomb, zipfile.ZIP_DEFLATED)), "more than 3 files or 20 MiB.")
    for size in (21 * MIB, 11 * MIB):  # one is too large, or both together
        tars = [("file", (f"{name}.tgz", gzip.compress(bytes(size)))) for name in "ab"]
        refused(user.request("POST", "notes/import/", files=tars), "more than 3 files or 20 MiB.")
    within = {"a.bin": bytes(11 * MIB), "b.bin": bytes(9 * MIB)}
    assert bring_in(user, packed(within, zipfile.ZIP_DEFLATED)).status_code == 200


def test_files_are_counted_in_a_zip_and_in_a_form(mine: User, small: Api) -> None:
    user = replace(mine, api=small)
    four: dict[str, bytes | str] = {f"{number}.md": "text" for number in range(4)}
    refused(bring_in(user, packed(four)), "more than 3 files or 20 MiB.")
    parts = [("file", (name, data)) for name, data in four.items()]
    refused(user.request("POST", "notes/import/", files=parts), "Maximum number of files is 3.")
    assert not [note for note in mine.get("notes/").json() if note["title"].isdigit()]
    assert user.request("POST", "notes/import/", files=parts[:3]).json()["imported"] == 3


def test_20_000_files_come_in_at_once(mine: User) -> None:
    many: dict[str, bytes | str] = {f"V/{number}.txt": "" for number in range(20_000)}
    assert bring_in(mine, packed({**many, "V/a.md": "text"})).json()["imported"] == 1


def test_a_directory_of_too_many_files_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed({f"{number:030}": "" for number in range(3000)})
    made: list[Any] = []
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *args: made.append(args))
    with pytest.raises(BadRequest, match="more than 2999 files"):
        Archive(cast("BinaryIO", io.BytesIO(data)), Limits(1, 2999))
    assert made == []


class Begun:
    """An import whose client sends its end only when asked to."""

    def __init__(self, user: User, data: bytes) -> None:
        self._user, self._body = user, HEAD + data
        self._pause = 0.02
        self._connection = self._open()

    def _open(self) -> HTTPConnection:
        connection = HTTPConnection(urlsplit(self._user.api.base).netloc, timeout=60)
        headers = {**self._user.headers, **FORM, "Content-Length": str(len(self._body) + len(TAIL))}
        connection.request("POST", "/api/v1/notes/import/", self._body, headers)
        return connection

    def has_its_turn(self) -> bool:
        """Whether it makes others of the user wait. Begun anew when it does not, and looked at later each time.

        A look that comes first has the turn, and ours was refused then. That cannot be seen: the gateway keeps the
        refusal until it has the whole body.
        """
        time.sleep(self._pause)
        if bring_in(self._user, b"no zip").status_code == 503:
            return True
        self.go_away()
        self._connection = self._open()
        self._pause *= 2
        return False

    def finish(self) -> dict[str, Any]:
        """Send the end; the answer."""
        self._connection.send(TAIL)
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return cast("dict[str, Any]", json.loads(text))

    def go_away(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def under_way(user: User, data: bytes = b"") -> Iterator[Begun]:
    """An import that has begun."""
    begun = Begun(user, data)
    try:
        eventually(begun.has_its_turn, 60, what="the import is under way")
        yield begun
    finally:
        begun.go_away()


def without_body(user: User, url: str) -> tuple[int, str | None, str]:
    """Announce an import to the service itself and send none of it: status, Retry-After and the body."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        headers = {**user.headers, **FORM, "Content-Length": str(30 * MIB)}
        connection.request("POST", "/api/v1/notes/import/", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Retry-After"], answer.read().decode()
    finally:
        connection.close()


def test_a_second_import_of_a_user_waits_its_turn_and_others_do_not(mine: User, other: User, stack: Stack) -> None:
    with under_way(mine, packed({"first.md": "text"})) as first:
        status, retry_after, body = without_body(mine, stack.service_url("notes"))
        assert (status, retry_after) == (503, "10")
        assert "another import of yours is under way" in body
        assert bring_in(mine, packed({"second.md": "text"})).status_code == 503
        assert bring_in(mine, os.urandom(200 * 1024)).status_code == 503  # what is sent all the same is taken in
        assert bring_in(other, packed({"theirs.md": "text"})).json()["imported"] == 1
        assert first.finish()["imported"] == 1
    assert bring_in(mine, packed({"second.md": "text"})).json()["imported"] == 1
    titles = {note["title"] for note in mine.get("notes/").json()}
    assert {"first", "second"} <= titles


def test_no_more_imports_at_once_than_the_setting_says(mine: User, other: User, small: Api) -> None:
    theirs = replace(other, api=small)
    with under_way(replace(mine, api=small), packed({"first.md": "text"})) as first:
        status, retry_after, body = without_body(theirs, small.base)
        assert (status, retry_after) == (503, "10")
        assert "as many as can be at once (1)" in body
        assert first.finish()["imported"] == 1
    assert bring_in(theirs, packed({"second.md": "text"})).json()["imported"] == 1


def test_the_turn_is_given_back_when_the_client_goes_away(mine: User, other: User, small: Api) -> None:
    user = replace(mine, api=small)
    with under_way(user) as gone:
        gone.go_away()
        eventually(lambda: bring_in(user, b"no zip").status_code == 400, what="the turn is given back")
    assert bring_in(replace(other, api=small), packed({"a.md": "text"})).json()["imported"] == 1


FULL = """
import tempfile
tempfile.TemporaryFile = lambda *args, **more: open("/dev/full", "w+b")
"""


def test_a_full_disk_is_503_and_leaves_nothing(mine: User, stack: Stack, look: Any, tmp_path: Path) -> None:
    note = mine.post("notes/", {"title": "whole"}).json()
    before = mine.get("notes/").json()
    (tmp_path / "sitecustomize.py").write_text(FULL)
    large = packed({"a.md": "text", "b.bin": bytes(3 * MIB)})
    with another(stack, "notes", PYTHONPATH=str(tmp_path)) as url, Api(stack, url) as api:
        user = replace(mine, api=api)
        for path, part in (
            ("notes/import/", "file"),
            ("notes/import/", "file"),  # the turn was given back
            (f"notes/{note['id']}/attachments/", "file"),
            (f"notes/{note['id']}/cover/", "cover"),
        ):
            answer = user.request("POST", path, files={part: ("notes.zip", large)})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), answer.text
            assert "no room for it right now" in answer.json()["detail"]
        assert bring_in(user, packed({"small.md": "text"})).json()["imported"] == 1  # it needs no disk
    assert mine.get(f"notes/{note['id']}/").json()["content"] == note["content"]
    assert [one["title"] for one in mine.get("notes/").json() if one not in before] == ["small"]
    assert look.all("SELECT 1 FROM notes.note_attachments WHERE note_id = %s", note["id"]) == []
