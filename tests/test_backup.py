"""Backups: made while people work, restored into an empty system, and nothing that was answered before is missing."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest

from notechondria_cli.layout import Layout
from notechondria_cli.state import Lock
from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.ready_data import ready_data

pytestmark = pytest.mark.timeout(600)
ENVIRONMENT = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0"}


def command(*arguments: str, code: int = 0) -> Any:
    call = [sys.executable, "-m", "notechondria_launcher", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


class Load:
    """People at work: each note that was answered, with the time of the answer, and its attachment."""

    def __init__(self, user: User) -> None:
        self.answered: list[tuple[float, int, str]] = []
        self._user = user
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(3)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            text = f"note {number}-{count}"
            made = self._user.post("notes/", {"title": text, "content": text})
            assert made.status_code == 201, made.text
            path = f"notes/{made.json()['id']}/attachments/"
            sent = self._user.request("POST", path, files={"file": ("a.txt", text.encode(), "text/plain")})
            assert sent.status_code == 201, sent.text
            self.answered.append((time.monotonic(), made.json()["id"], text))
            time.sleep(0.02)


def test_what_was_answered_before_a_backup_is_there_after_a_restore(tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    with ready_data() as folder:
        with Stack(folder, env=ENVIRONMENT) as stack, Api(stack) as api:
            user = api.register()
            key = user.rotate_key()
            event = user.post("planner-events/", {"title": "Dentist", "event_date": "2030-01-02"}).json()
            trashed = user.post("notes/", {"title": "In the bin"}).json()
            assert user.delete(f"notes/{trashed['id']}/").status_code == 204
            with Load(user) as load:
                eventually(lambda: len(load.answered) > 20)
                begun = time.monotonic()
                made = command("backup", str(archive), "--data", str(folder), "--json")
            assert archive.stat().st_mode & 0o077 == 0
            before = [(note, text) for at, note, text in load.answered if at < begun]
            assert len(before) > 20
            assert made["files"] >= len(before)
        leftovers = [path.name for path in tmp_path.iterdir()]
        assert leftovers == ["backup.tar"]
        with tarfile.open(archive) as tar:
            names = tar.getnames()
        assert {"manifest.json", "VERSION", "database.dump"} <= set(names)
        assert not any("secrets" in name for name in names)
        # Not into a system that lives, nor over accounts that are there.
        assert "accounts already" in command("restore", str(archive), "--data", str(folder), code=1)

    with tempfile.TemporaryDirectory(prefix="notechondria-restored-") as folder:
        Path(folder).chmod(0o711)
        restored = command("restore", str(archive), "--data", folder, "--json")
        assert restored == made
        with Stack(Path(folder), env=ENVIRONMENT) as stack, Api(stack) as api:
            body = api.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()
            same = User(api, body["user"]["id"], user.username, user.email, PASSWORD, body["token"])
            assert same.id == user.id
            assert api.http.get(body["user"]["image_url"]).status_code == 200
            for note, text in before:
                assert same.get(f"notes/{note}/").json()["content"].endswith(text)
                (attachment,) = same.get(f"notes/{note}/attachments/").json()
                assert api.http.get(attachment["url"]).text == text
            assert [row["id"] for row in same.get("notes/deleted/").json()] == [trashed["id"]]
            assert same.get(f"planner-events/{event['id']}/").json()["title"] == "Dentist"
            assert api.get("notes/deleted/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
            # The events are sent again to a bus that has no events, and change nothing.
            eventually(lambda: not _unsent(stack), seconds=30)
            assert same.post("notes/", {"title": "And on it goes"}).status_code == 201
            assert httpx.get(stack.url + "/api/v1/handshake/", trust_env=False).status_code == 200


def _unsent(stack: Stack) -> int:
    with psycopg.connect(stack.admin_database_url) as admin:
        row = admin.execute("SELECT count(*) FROM notes.outbox WHERE sent_at IS NULL").fetchone()
    return int(row[0]) if row else 0


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_what_is_no_whole_backup_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "broken.tar"
    if content is None:  # cut off before its manifest
        with tarfile.open(file, "w") as tar:
            entry = tarfile.TarInfo("database.dump")
            entry.size = 3
            tar.addfile(entry, io.BytesIO(b"abc"))
    else:
        file.write_bytes(content)
    assert "no whole backup" in command("restore", str(file), "--data", str(tmp_path / "data"), code=1)
    assert not (tmp_path / "data").exists()


def archive_of(version: str, file: Path) -> Path:
    said = {"format": 1, "version": version, "made_at": "2030-01-01T00:00:00+00:00", "database_bytes": 0, "files": 0}
    data = json.dumps(said).encode()
    with tarfile.open(file, "w") as tar:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return file


def test_a_backup_of_a_later_version_is_refused(tmp_path: Path) -> None:
    file = archive_of("999.0.0", tmp_path / "later.tar")
    assert "999.0.0" in command("restore", str(file), "--data", str(tmp_path / "data"), code=1)


def test_nothing_is_restored_into_a_system_that_runs_or_a_folder_that_cannot_be(tmp_path: Path) -> None:
    file = str(archive_of("0.0.1", tmp_path / "some.tar"))
    layout = Layout(tmp_path / "data")
    layout.create()
    with Lock(layout.lock):
        shown = command("restore", file, "--data", str(layout.data), code=1)
    assert "is running" in shown
    assert "Traceback" not in shown
    (tmp_path / "file").touch()
    shown = command("restore", file, "--data", str(tmp_path / "file" / "data"), code=1)
    assert "cannot be written" in shown
    assert "Traceback" not in shown


def test_a_backup_needs_a_running_system_and_a_place(tmp_path: Path) -> None:
    assert "run" in command("backup", str(tmp_path / "x.tar"), "--data", str(tmp_path / "data"), code=1)
