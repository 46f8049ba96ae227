"""What would come of an import, what came of each file, and imports that go on after their request."""

from __future__ import annotations

from typing import Any

import pytest
from services.notes.tests.test_notes_exchange import exported, packed
from services.notes.tests.test_notes_import import VAULT, notes_of, send_zip
from services.notes.tests.test_notes_import_again import UUID
from tests.support.client import Api, User, eventually
from tests.support.replica import another

from notechondria_launcher.stack import Stack
from notes_service.exchange.importing import BINNED, NOT_USED, TWIN

LATER = {"Prefer": "respond-async"}
Files = dict[str, bytes | str]


def send(user: User, data: bytes, query: str = "", **options: Any) -> Any:
    return user.request("POST", f"notes/import/{query}", files={"file": ("v.zip", data)}, **options)


def outcomes(result: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["file"]: (one["outcome"], one["reason"]) for one in result["files"]}


def finished(user: User, job_id: int) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        body: dict[str, Any] = user.get(f"notes/import/{job_id}/").json()
        return body if body["state"] != "running" else None

    body: dict[str, Any] = eventually(ended, what="the import has ended")
    return body


BROKEN: Files = {
    "a.md": "text ![](x.png)",
    "x.png": b"x",
    "unused.bin": b"?",
    "bad.md": b"\xff\xfe",
    "one.md": f"---\nuuid: {UUID}\n---\none",
    "two.md": f"---\nuuid: {UUID}\n---\ntwo",
    "../out.md": "out",
}


def test_each_file_is_listed_with_what_came_of_it(mine: User) -> None:
    result = send(mine, packed(BROKEN)).json()
    assert {name: outcome for name, (outcome, _) in outcomes(result).items()} == {
        "../out.md": "error", "a.md": "created", "bad.md": "error", "one.md": "created", "two.md": "created",
        "unused.bin": "notice",
    }  # fmt: skip
    assert (outcomes(result)["two.md"][1], outcomes(result)["unused.bin"][1]) == (TWIN, NOT_USED)
    assert (result["dry_run"], result["files_not_listed"]) == (False, 0)
    mine.delete(f"notes/{notes_of(mine)['a']['id']}/")
    again = outcomes(send(mine, packed({**BROKEN, "a.md": "other", "one.md": f"---\nuuid: {UUID}\n---\nnew"})).json())
    assert (again["a.md"], again["one.md"][0], again["two.md"][0]) == (("notice", BINNED), "updated", "unchanged")


@pytest.mark.parametrize("files", [BROKEN, VAULT])
def test_a_dry_run_says_the_same_and_changes_nothing(mine: User, look: Any, files: Files) -> None:
    def state() -> list[Any]:
        tables = ("notes", "courses", "note_versions", "note_attachments")
        key = {"note_attachments": "note_id IN (SELECT id FROM notes.notes WHERE creator_id = %s)"}
        return [
            look.all(f"SELECT * FROM notes.{table} WHERE {key.get(table, 'creator_id = %s')} ORDER BY id", mine.id)
            for table in tables
        ]

    mine.get("notes/")
    for changed in (files, {**files, "new.md": "more"}, {**files, "a.md": "else", "Daily.md": "else"}):
        before = state()
        said = send(mine, packed(changed), "?dry_run=1").json()
        assert state() == before
        done = send(mine, packed(changed)).json()
        assert (said.pop("dry_run"), done.pop("dry_run")) == (True, False)
        assert said == done


def test_a_dry_run_of_an_export_names_what_is_refused(mine: User, other: User) -> None:
    note = mine.post("notes/", {"title": "Kept"}).json()
    mine.request("POST", f"notes/{note['id']}/attachments/", files={"file": ("a.bin", b"data")})
    mine.post(f"notes/{note['id']}/snapshot/")
    files = {name: data for name, data in exported(mine).items() if not name.startswith("attachments/")}
    said = send(other, packed(files), "?dry_run=true").json()
    assert (said["imported"], said["attachments"], len(said["errors"])) == (2, 0, 1)
    assert not [one for one in other.get("notes/").json() if one["title"] == "Kept"]


def test_an_import_goes_on_after_its_request(mine: User, other: User, api: Api) -> None:
    answer = send(mine, packed({f"V/{number}.md": f"text {number}" for number in range(40)}), headers=LATER)
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "respond-async")
    job = answer.json()
    assert (job["state"], job["dry_run"], job["error"]) == ("running", False, "")
    assert answer.headers["location"] == f"/api/v1/notes/import/{job['id']}/"
    assert other.get(f"notes/import/{job['id']}/").status_code == 404
    assert api.get(f"notes/import/{job['id']}/").status_code == 401
    done = finished(mine, job["id"])
    assert (done["state"], done["files"], done["files_done"], done["result"]["imported"]) == ("done", 40, 40, 40)
    assert len(notes_of(mine)) == 40
    assert send_zip(mine, {"next.md": "text"})["imported"] == 1  # the turn was given back


@pytest.mark.parametrize("prefer", ["wait=5, respond-async", "RESPOND-ASYNC; x=1", "respond-async"])
def test_a_dry_run_may_go_on_too(mine: User, prefer: str) -> None:
    job = send(mine, packed({"a.md": "x"}), "?dry_run=1", headers={"Prefer": prefer}).json()
    done = finished(mine, job["id"])
    assert (done["dry_run"], done["result"]["imported"], notes_of(mine)) == (True, 1, {})


def test_what_is_no_zip_is_refused_at_once(mine: User) -> None:
    assert send(mine, b"no zip", headers=LATER).status_code == 400
    assert send(mine, packed({"a.md": "x"}), headers={"Prefer": "return=minimal"}).status_code == 200
    for path in ("notes/import/999999999/", "notes/import/0/"):
        assert mine.get(path).status_code == 404


def test_too_much_is_said_in_the_row(mine: User) -> None:
    lying = bytearray(packed({f"{number}.md": bytes(60 << 20) for number in range(18)}, compress_type=8))
    start = 0
    while (start := lying.find(b"PK\x01\x02", start)) >= 0:
        lying[start + 24 : start + 28] = (10).to_bytes(4, "little")  # each says that it is ten bytes long
        start += 4
    job = send(mine, bytes(lying), headers=LATER).json()
    done = finished(mine, job["id"])
    assert done["state"] in {"done", "failed"}
    assert done["result"] is None or len(done["result"]["errors"]) == 18


def test_a_restart_says_that_it_cut_an_import_off(mine: User, stack: Stack, look: Any) -> None:
    mine.get("notes/")
    files: Files = {f"V/{number}.md": f"text {number} ![](x.png)" for number in range(150)} | {"V/x.png": b"x"}
    many = packed(files)
    with another(stack, "notes") as url, Api(stack, url) as api:
        theirs = User(api, mine.id, mine.username, mine.email, mine.password, mine.token)
        job = send(theirs, many, headers=LATER).json()
        assert send(mine, many, headers=LATER).status_code == 503  # on another replica, too
        eventually(lambda: notes_of_some(look, mine) > 3, what="some are imported")
    ended = finished(mine, job["id"])
    assert (ended["state"], ended["result"]) == ("interrupted", None)
    assert "restarted after" in ended["error"]
    again = send_zip(mine, files)
    assert again["imported"] + again["unchanged"] == 150
    assert again["unchanged"] > 3


def notes_of_some(look: Any, user: User) -> int:
    return int(look.one("SELECT count(*) FROM notes.notes WHERE creator_id = %s AND title <> 'x'", user.id)) - 1


def test_one_that_was_killed_is_known_by_its_silence(mine: User, look: Any) -> None:
    job = send(mine, packed({"a.md": "x"}), headers=LATER).json()
    finished(mine, job["id"])
    look.all(
        "UPDATE notes.imports SET state = 'running', outcome = '', files = 7, files_done = 3,"
        " seen_at = now() - interval '2 minutes' WHERE id = %s RETURNING 1",
        job["id"],
    )
    cut = mine.get(f"notes/import/{job['id']}/").json()
    assert (cut["state"], cut["result"]) == ("interrupted", None)
    assert "after 3 of 7 files" in cut["error"]
    assert send(mine, packed({"b.md": "x"}), headers=LATER).status_code == 202


def test_only_the_newest_are_kept(mine: User, look: Any) -> None:
    for number in range(22):
        finished(mine, send(mine, packed({f"{number}.md": "x"}), "?dry_run=1", headers=LATER).json()["id"])
    assert look.one("SELECT count(*) FROM notes.imports WHERE creator_id = %s", mine.id) == 20
