"""Backups that are made by themselves: when, where to, which are kept, encrypted, and tried by a restore."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyrage import x25519

from notechondria_cli.backup_encryption import is_encrypted
from notechondria_cli.backup_schedule import (
    BackupStatus,
    Schedule,
    archives,
    checked_keep,
    checked_time,
    new_name,
    outdated,
)
from notechondria_cli.doctor import backups
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_launcher.stack import Stack
from tests.support.client import Api, eventually
from tests.support.s3 import bucket_server

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def types(stack: Stack) -> Iterator[Callable[..., str]]:
    """Type a command about the stack; no schedule is left behind."""

    def run(*arguments: str, code: int = 0, **environment: str) -> str:
        call = [sys.executable, "-m", "notechondria_launcher", *arguments, "--data", str(stack.data)]
        env = {**os.environ, **environment}
        done = subprocess.run(call, capture_output=True, text=True, timeout=120, check=False, env=env)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    yield run
    stack.layout.backup_schedule.unlink(missing_ok=True)
    stack.layout.backup_status.unlink(missing_ok=True)


def names_in(folder: Path) -> list[str]:
    """The archives in a folder."""
    return archives(path.name for path in folder.iterdir())


def of(day: str) -> str:
    return f"notechondria-{day.replace('-', '')}T020000Z.tar"


def test_the_newest_of_a_day_a_week_and_a_month_are_kept() -> None:
    first = datetime(2026, 1, 1, 2, tzinfo=UTC)
    names = [
        new_name(first + timedelta(days=day, hours=hour), encrypted=False) for day in range(120) for hour in (0, 9)
    ]
    gone = set(outdated([*names, "holiday.jpg", "notechondria-old.tar"], (7, 4, 6)))
    kept = [name for name in archives(names) if name not in gone]
    # 120 days from 1 January end on 30 April, a Thursday.
    assert [name[13:21] for name in kept] == [
        "20260430", "20260429", "20260428", "20260427", "20260426", "20260425", "20260424",
        "20260419", "20260412", "20260331", "20260228", "20260131",
    ]  # fmt: skip
    assert all("T110000Z" in name for name in kept)  # the later one of its day
    assert "holiday.jpg" not in gone
    assert outdated([of("2026-01-01")], (1, 0, 0)) == []


@pytest.mark.parametrize(
    ("now", "last", "since", "due"),
    [
        ("2026-11-29T12:00", None, "2026-11-28T12:00", True),
        ("2026-11-29T12:00", "2026-11-29T03:00", "2026-11-28T12:00", False),
        ("2026-11-29T12:00", "2026-11-28T03:00", "2026-11-01T12:00", True),  # it was off at three
        ("2026-11-29T02:59", "2026-11-28T03:00", "2026-11-01T12:00", False),
        ("2026-11-29T12:00", None, "2026-11-29T11:59", False),  # set a minute ago: tomorrow at three
    ],
)
def test_a_backup_is_due_once_a_day(now: str, last: str | None, since: str, *, due: bool) -> None:
    def local(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone()

    schedule = Schedule("03:00", "/srv", since=local(since).isoformat())
    assert schedule.is_due(local(now), local(last) if last else None) is due


@pytest.mark.parametrize("text", ["24:00", "3", "", "aa:bb", "3:5"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(StackError):
        checked_time(text)
    assert checked_time("3:05") == "03:05"


@pytest.mark.parametrize("text", ["7", "0,1,1", "7,4", "a,b,c", "7,4,6,1"])
def test_what_does_not_say_what_is_kept(text: str) -> None:
    with pytest.raises(StackError):
        checked_keep(text)
    assert checked_keep("7, 4, 6") == (7, 4, 6)


def test_made_at_its_time_listed_tried_and_reported(
    stack: Stack, api: Api, types: Callable[..., str], tmp_path: Path
) -> None:
    note = api.register().post("notes/", {"title": "Worth keeping"}).json()["id"]
    folder = tmp_path / "backups"
    assert "No schedule is set" in types("backup", "now", code=1)
    said = types("backup", "--schedule", "3:30", "--to", str(folder), "--keep", "2,0,0")
    assert "Every day at 03:30" in said
    assert list(folder.iterdir()) == []
    assert "There is no backup to try" in types("backup", "verify", code=1)

    # Its time came a minute ago, for all that the running stack knows.
    yesterday = datetime.now(UTC) - timedelta(days=1)
    at = (datetime.now().astimezone() - timedelta(minutes=1)).strftime("%H:%M")
    Schedule(at, str(folder), (1, 0, 0), since=yesterday.isoformat()).write(stack.layout)
    eventually(lambda: names_in(folder), seconds=60)
    eventually(lambda: BackupStatus.read(stack.layout).good_at, seconds=20)
    (name,) = names_in(folder)
    assert (folder / name).stat().st_mode & 0o777 == 0o600
    listed = json.loads(types("backup", "list", "--json"))
    assert listed["archives"] == [str(folder / name)]
    status = json.loads(types("status", "--json"))
    assert str(folder / name) in status["backup"]

    trial = json.loads(types("backup", "verify", "--json"))
    assert trial["accounts"] > 0
    assert note
    assert trial["notes"] > 0
    assert BackupStatus.read(stack.layout).verified_file == str(folder / name)
    assert "tried by a restore" in types("backup", "list")
    assert list(backups.problems(stack.layout)) == []

    old = folder / of("2020-01-01")
    old.touch()
    (folder / "mine.txt").touch()
    types("backup", "now")
    assert not old.exists()
    assert (folder / "mine.txt").exists()
    types("backup", "--schedule", "off")
    assert "No schedule is set" in types("backup", "list", code=1)


def test_a_file_that_is_there_is_not_overwritten(types: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "mine.tar"
    file.write_text("something else")
    assert "is there already" in types("backup", str(file), code=1)
    assert file.read_text() == "something else"
    types("backup", str(file), "--force")
    assert "is good" in types("backup", "verify", str(file))
    file.write_bytes(file.read_bytes()[:4096])
    assert "no whole backup" in types("backup", "verify", str(file), code=1)
    assert "There is no file" in types("backup", "verify", str(file.with_name("another")), code=1)


def test_only_the_holder_of_the_key_can_read_it(types: Callable[..., str], tmp_path: Path) -> None:
    identity, stranger = x25519.Identity.generate(), x25519.Identity.generate()
    key, other = tmp_path / "key", tmp_path / "other"
    key.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    other.write_text(f"{stranger}\n")
    file = tmp_path / "backup.tar.age"
    assert "is no public key" in types("backup", str(file), "--age", "age1nobody", code=1)
    types("backup", str(file), "--age", str(identity.to_public()))
    assert is_encrypted(file)
    assert b"database.dump" not in file.read_bytes()
    assert "--age-key-file" in types("backup", "verify", str(file), code=1)
    assert "cannot be decrypted" in types("backup", "verify", str(file), "--age-key-file", str(other), code=1)
    assert "is good" in types("backup", "verify", str(file), "--age-key-file", str(key))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar.age", "key", "other"]


def test_a_bucket_takes_them_too(types: Callable[..., str]) -> None:
    with bucket_server("backups") as environment:
        types("backup", "--schedule", "04:00", "--to", "s3://backups/notes", "--keep", "1,0,0", **environment)
        types("backup", "now", **environment)
        listed = json.loads(types("backup", "list", "--json", **environment))["archives"]
        assert len(listed) == 1
        assert listed[0].startswith("s3://backups/notes/notechondria-")
        assert "is good" in types("backup", "verify", **environment)
        assert "s3://nowhere" in types("backup", "--schedule", "04:00", "--to", "s3://nowhere/x", code=1, **environment)


def test_the_doctor_says_when_there_is_nothing_to_come_back_from(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    assert [*backups.problems(layout), *backups.hints(layout)] == []
    layout.credentials.touch()
    week_ago = (datetime.now(UTC) - timedelta(days=7)).timestamp()
    os.utime(layout.credentials, (week_ago, week_ago))
    assert "No backup was ever made" in next(backups.hints(layout)).problem
    Schedule("03:00", "/srv", since="2020-01-01T00:00:00+00:00").write(layout)
    assert "no backup was made yet" in next(backups.problems(layout)).problem
    assert list(backups.hints(layout)) == []
    BackupStatus().good("/srv/x.tar", 1).write(layout)
    assert list(backups.problems(layout)) == []
    BackupStatus.read(layout).failed("The disk is full.").write(layout)
    assert "The disk is full." in next(backups.problems(layout)).problem


def test_what_was_written_by_others_does_no_harm(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for text in ("", "[]", "{}", '{"keep": 1}', "nothing"):
        layout.backup_schedule.write_text(text)
        layout.backup_status.write_text(text)
        assert Schedule.read(layout) is None
        assert BackupStatus.read(layout).last_good is None
