"""Removing single notes for good, and the retention of the recycle bin."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import pytest
from tests.support.client import Api, User, eventually
from tests.support.keys import KEY_SETTINGS

from notes_service.housekeeping.service import Housekeeper
from notes_service.settings import NotesSettings


def binned(user: User, title: str = "gone") -> int:
    note = int(user.post("notes/", {"title": title}).json()["id"])
    assert user.delete(f"notes/{note}/").status_code == 204
    return note


@pytest.mark.contract("notes §7")
def test_one_binned_note_is_purged(mine: User, other: User, api: Api, look: Any) -> None:
    gone, kept = binned(mine), binned(mine, "kept")
    live = mine.post("notes/", {"title": "live"}).json()["id"]
    path = f"notes/deleted/{gone}/"
    assert api.request("DELETE", path).status_code == 401
    for refused in (other.delete(path), mine.delete(f"notes/deleted/{live}/"), mine.delete("notes/deleted/999999999/")):
        assert (refused.status_code, list(refused.json())) == (404, ["detail"])
    answer = mine.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert mine.delete(path).status_code == 404
    assert [note["id"] for note in mine.get("notes/deleted/").json()] == [kept]
    assert [event["revision"] for event in look.events("note.purged", note_id=gone)] == [3]
    assert mine.post(f"notes/{gone}/restore/").status_code == 404


@pytest.mark.contract("notes §7")
def test_retention_purges_what_is_old_enough(mine: User, look: Any) -> None:
    old, young = binned(mine), binned(mine, "young")
    for note, days in ((old, 31), (young, 29)):
        look._connection.execute(
            "UPDATE notes.notes SET deleted_at = now() - make_interval(days => %s) WHERE id = %s", (days, note)
        )
    eventually(lambda: look.events("note.purged", note_id=old), what="the old note is purged")
    assert [note["id"] for note in mine.get("notes/deleted/").json()] == [young]
    assert len(look.events("note.purged", note_id=old)) == 1


@pytest.mark.contract("notes §7")
def test_retention_leaves_it_to_the_replica_that_does_it(mine: User, look: Any) -> None:
    lock = "SELECT pg_advisory_lock(hashtext('notes.retention'))"
    look._connection.execute(lock)
    try:
        note = binned(mine)
        look._connection.execute(
            "UPDATE notes.notes SET deleted_at = now() - interval '40 days' WHERE id = %s", (note,)
        )
        time.sleep(1.2)  # two rounds
        assert look.events("note.purged", note_id=note) == []
    finally:
        look._connection.execute("SELECT pg_advisory_unlock(hashtext('notes.retention'))")
    eventually(lambda: look.events("note.purged", note_id=note), what="the note is purged")


@pytest.mark.contract("notes §7")
def test_without_a_setting_the_bin_keeps_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECYCLE_BIN_RETENTION_DAYS", raising=False)
    for name, value in KEY_SETTINGS.items():
        monkeypatch.setenv(name, value)
    settings = NotesSettings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    assert settings.recycle_bin_retention_days == 0
    # Without a database it would fail if it looked for anything.
    nothing = cast("Any", None)
    assert asyncio.run(Housekeeper(settings, nothing, nothing, nothing).retain()) == 0
