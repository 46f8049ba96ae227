"""Moving in from the Django monolith: a database of its shape, 1,000 people and 20,000 notes."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image

from notechondria_cli.django_import.services import (
    IMPORTED_SERVICES,
    ImportOptions,
    check_installed,
    import_services,
)
from notechondria_cli.errors import StackError
from notechondria_launcher.postgres import binaries
from notechondria_launcher.stack import Stack
from notechondria_shared.django_import.lines import DATABASE_VARIABLE, Problem, parsed
from notechondria_shared.django_import.source import Monolith
from tests.support.client import PASSWORD, Api, User
from tests.support.keys import KEY_SETTINGS
from tests.support.ready_data import ready_data

SHAPE = Path(__file__).parent.parent / "deploy" / "launcher" / "tests" / "django_shape.sql"
pytestmark = pytest.mark.timeout(600)
PEOPLE = 250
"""Their notes come in three batches."""
OLD_PASSWORD = "An old password 1"
HASH = base64.b64encode(hashlib.pbkdf2_hmac("sha256", OLD_PASSWORD.encode(), b"saltsalt", 1000)).decode()


@pytest.fixture(scope="module")
def monolith() -> Iterator[tuple[str, Path]]:
    """The address of the monolith's database, and its media folder."""
    with tempfile.TemporaryDirectory(prefix="notechondria-monolith-") as folder:
        Path(folder).chmod(0o711)
        server = Stack(Path(folder) / "server")
        server.start(database_only=True)
        try:
            with psycopg.connect(server.admin_database_url, autocommit=True) as admin:
                admin.execute("CREATE DATABASE monolith")
            url = server.admin_database_url.rpartition("/")[0] + "/monolith"
            call = [
                str(binaries() / "psql"),
                url,
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-v",
                f"hash={HASH}",
                "-v",
                f"people={PEOPLE}",
                "-f",
                str(SHAPE),
            ]
            subprocess.run(call, check=True, capture_output=True, timeout=120)
            media = Path(folder) / "media"
            buffer = io.BytesIO()
            Image.new("RGB", (8, 8), "teal").save(buffer, "PNG")
            for path, data in (
                ("user_upload/user_1/profile_pic/profile_latest.png", buffer.getvalue()),
                ("user_upload/user_1/notes/attachments/1/a.txt", b"hello"),
            ):
                (media / path).parent.mkdir(parents=True, exist_ok=True)
                (media / path).write_bytes(data)
            yield url, media
        finally:
            server.stop()


def move_in(monolith: tuple[str, Path], data: str, *more: str, code: int = 0) -> Any:
    url, media = monolith
    arguments = ["import-django", "--database-url", url, "--media", str(media), "--data", data, *more]
    call = [sys.executable, "-m", "notechondria_launcher", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)["kinds"] if code == 0 and "--json" in more else done.stdout + done.stderr


@dataclass(frozen=True)
class DryRun:
    """A data folder in which a dry run has ended, and what was in it then."""

    folder: str
    kinds: dict[str, Any]
    files: list[Path]
    tables: int


@pytest.fixture(scope="module")
def dry_run(monolith: tuple[str, Path]) -> Iterator[DryRun]:
    with tempfile.TemporaryDirectory(prefix="notechondria-moved-") as folder:
        Path(folder).chmod(0o711)
        kinds = move_in(monolith, folder, "--dry-run", "--json")
        files = list((Path(folder) / "media").iterdir())
        server = Stack(Path(folder))
        server.start(database_only=True)
        try:
            with psycopg.connect(server.admin_database_url) as admin:
                made = "SELECT count(*) FROM pg_tables WHERE schemaname IN ('identity', 'notes', 'planner', 'mcp')"
                (tables,) = admin.execute(made).fetchone() or (-1,)
        finally:
            server.stop()
        yield DryRun(folder, kinds, files, tables)


@pytest.fixture(scope="module")
def moved(monolith: tuple[str, Path], dry_run: DryRun) -> tuple[str, dict[str, Any]]:
    would, did = dry_run.kinds, move_in(monolith, dry_run.folder, "--json")
    assert {name: kind["skipped"] for name, kind in would.items()} == {
        name: kind["skipped"] for name, kind in did.items()
    }
    assert would["notes"]["written"] == did["notes"]["written"] == 20 * PEOPLE
    return dry_run.folder, did


@pytest.fixture(scope="module")
def deployment(moved: tuple[str, dict[str, Any]]) -> Iterator[Api]:
    environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0"}
    with Stack(Path(moved[0]), env=environment) as stack, Api(stack) as api:
        yield api


def test_every_row_is_accounted_for(moved: tuple[str, dict[str, Any]]) -> None:
    kinds = moved[1]
    for name, kind in kinds.items():
        assert kind["read"] == kind["written"] + kind["present"] + kind["skipped"], (name, kind)
    came = {name: (kind["written"], kind["skipped"]) for name, kind in kinds.items()}
    assert came["accounts"] == (PEOPLE + 3, 0)
    assert came["API keys"] == (PEOPLE, 0)
    assert came["courses"] == (2 * PEOPLE + 1, 1)
    assert came["notes"] == (20 * PEOPLE, 1)
    assert came["blocks"] == came["order of blocks"] == (60 * PEOPLE, 0)
    assert came["versions"] == (12, 3)
    assert came["recycle bin"] == (20 * PEOPLE // 50, 0)
    assert came["heatmap"] == (20 * PEOPLE, 0)
    assert (came["events"], came["work sessions"], came["calendar feeds"]) == ((PEOPLE, 0), (PEOPLE, 0), (50, 0))
    assert kinds["accounts"]["reasons"] == {
        "its e-mail address belongs to another account: left out": 1,
        "its name is taken in other letters: the id was added": 1,
        "it has no profile: made with the defaults": 3,
    }
    assert came["files"] == (2, PEOPLE)  # an attachment and all pictures but one are lost


def test_a_second_run_changes_nothing(monolith: tuple[str, Path], moved: tuple[str, dict[str, Any]]) -> None:
    again = move_in(monolith, moved[0], "--json")
    for name, kind in again.items():
        assert kind["written"] == 0, (name, kind)
        assert kind["present"] == moved[1][name]["written"], name


def test_people_find_everything_as_it_was(deployment: Api) -> None:
    body = deployment.post("auth/login/", {"email": "person1@example.org", "password": OLD_PASSWORD}).json()
    assert (body["user"]["id"], body["user"]["motto"], body["user"]["theme_preset"]) == (1, "motto 1", "amber")
    assert body["user"]["app_settings"]["offline_mode"] is True
    assert deployment.http.get(body["user"]["image_url"]).status_code == 200
    me = User(deployment, 1, "person1", "person1@example.org", OLD_PASSWORD, body["token"])
    courses = {row["id"]: row for row in me.get("courses/").json() if row["owner"]["id"] == 1}
    assert {row["title"] for row in courses.values()} == {"Inbox", "Course 2", "INBOX (2001)"}
    notes = me.get("notes/", params={"scope": "personal", "limit": "50"}).json()
    assert notes["total"] == 20
    note = me.get("notes/1/").json()
    assert note["content"] == "# Note 1\n\nSome words of note 1"
    assert [block["text"] for block in note["blocks"]] == ["Block 1", "Block 2", "Block 3"]
    assert len(me.get("notes/1/history/").json()) == 12
    (attachment,) = me.get("notes/1/attachments/").json()
    assert deployment.http.get(attachment["url"]).content == b"hello"
    found = me.get("notes/", params={"q": "note 17", "scope": "personal"}).json()
    assert found[0]["id"] == 17
    events = me.get("planner-events/").json()
    assert [(event["id"], event["starts_at"]) for event in events] == [(1, "2026-05-01T12:00:00+00:00")]
    week = me.get("activity/week/", params={"start_date": "2026-03-02"}).json()
    assert "Work" in json.dumps(week)
    cells = me.get("heatmap/").json()["cells"]
    assert [cell["past_value"] for cell in cells if cell["past_value"]] == [4]  # twenty notes on one day
    # Numbers go on behind those that came over.
    assert me.post("notes/", {"title": "New"}).json()["id"] > 20 * PEOPLE
    assert me.post("planner-events/", {"title": "New", "event_date": "2026-06-01"}).json()["id"] > PEOPLE


def test_keys_and_links_hold_and_sessions_do_not(deployment: Api) -> None:
    key = "ntc_" + hashlib.md5(b"7").hexdigest()  # noqa: S324 - how the test database made it
    listed = deployment.get("notes/", params={"scope": "personal"}, headers={"Authorization": f"Bearer {key}"}).json()
    assert len(listed) == 20
    links = deployment.get("auth/social-accounts/", headers={"Authorization": f"Bearer {key}"}).json()
    assert [(link["provider"], link["provider_uid"]) for link in links] == [("github", "uid7")]
    old = hashlib.md5(b"7").hexdigest()  # noqa: S324
    assert deployment.get("auth/sessions/", headers={"Authorization": f"Token {old}00000000"}).status_code == 401


def test_the_bin_came_along(deployment: Api) -> None:
    key = "ntc_" + hashlib.md5(b"5").hexdigest()  # noqa: S324 - note 100 is of person 5, and lies in the bin
    headers = {"Authorization": f"Bearer {key}"}
    assert [row["id"] for row in deployment.get("notes/deleted/", headers=headers).json()] == [100]
    assert deployment.request("POST", "notes/100/restore/", headers=headers).status_code in {200, 204}


def test_who_was_shut_out_stays_out(deployment: Api) -> None:
    with psycopg.connect(deployment.stack.admin_database_url) as admin:
        states = admin.execute(
            "SELECT username, status, email FROM identity.users WHERE id > 1000 ORDER BY id"
        ).fetchall()
    assert states[:3] == [
        ("shut", "disabled", "shut@example.org"),
        ("waiting", "pending", "waiting@example.org"),
        ("PERSON1_1003", "active", ""),
    ]
    wanted = {"username": "waiting", "email": "waiting@example.org", "password": PASSWORD, "invitation_code": "come-in"}
    assert deployment.post("auth/register/", wanted).status_code == 201
    assert (
        deployment.post("auth/register/", {**wanted, "username": "x-shut", "email": "shut@example.org"}).status_code
        == 400
    )


def test_ids_in_use_by_others_are_refused(monolith: tuple[str, Path], tmp_path: Path) -> None:
    with ready_data() as folder:
        with Stack(folder):
            pass  # started once: its administrator has the id 1
        said = move_in(monolith, str(folder), code=1)
    assert "in use by admin" in said


def test_what_is_no_monolith_is_refused(monolith: tuple[str, Path], tmp_path: Path) -> None:
    url = monolith[0].rpartition("/")[0] + "/postgres"
    assert "no table auth_user" in move_in((url, monolith[1]), str(tmp_path / "data"), code=1)
    assert not (tmp_path / "data").exists()


def test_a_dry_run_writes_nothing(dry_run: DryRun) -> None:
    assert (dry_run.kinds["notes"]["written"], dry_run.kinds["files"]["written"]) == (20 * PEOPLE, 2)
    assert dry_run.files == []
    assert dry_run.tables == 0


def test_all_imports_see_the_same_rows(monolith: tuple[str, Path]) -> None:
    url = monolith[0]
    with Monolith(url) as first, psycopg.connect(url, autocommit=True) as other:
        snapshot = first.export_snapshot()
        other.execute("INSERT INTO creators_invitationcode VALUES (77, 'later', '', 1, 0, NULL, now())")
        try:
            with Monolith(url, snapshot) as same, Monolith(url) as later:
                assert first.ids("creators_invitationcode") == same.ids("creators_invitationcode") == {1}
                assert later.ids("creators_invitationcode") == {1, 77}
        finally:
            other.execute("DELETE FROM creators_invitationcode WHERE id = 77")


@pytest.mark.parametrize(("service", "missing"), [("notes", "accounts"), ("planner", "accounts")])
def test_an_import_says_which_one_comes_before_it(
    monolith: tuple[str, Path], deployment: Api, tmp_path: Path, service: str, missing: str
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": deployment.stack.database_url(service),
        **KEY_SETTINGS,
        DATABASE_VARIABLE: monolith[0],
    }
    call = [sys.executable, "-m", f"{service}_service", "import-django", "--handover", str(tmp_path), "--dry-run"]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert parsed(done.stdout) == Problem(
        f"There is no {missing}.jsonl in {tmp_path}.",
        "Import identity first, with the same --handover; `notechondria import-django` does all three.",
    )


def test_the_command_says_why_the_import_of_a_service_ended(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    options = ImportOptions(snapshot="", media=None, dry_run=True)
    with pytest.raises(StackError, match="The import of identity failed: SERVICE_PUBLIC_KEYS: Field required"):
        import_services(dict.fromkeys(IMPORTED_SERVICES, environment), options, lambda *_: None)


def test_a_service_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "planner_service" else found(name))
    with pytest.raises(StackError, match=r"notechondria-planner is not installed here.*the image all-in-one"):
        check_installed()


def test_no_command_line_shows_the_address_of_the_monolith(tmp_path: Path) -> None:
    given = ImportOptions(snapshot="00000003-1", media=tmp_path, dry_run=True).arguments(tmp_path)
    assert given == [
        "--handover", str(tmp_path), "--snapshot", "00000003-1", "--media", str(tmp_path), "--dry-run",
    ]  # fmt: skip
