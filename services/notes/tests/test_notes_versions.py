"""Versions (notes §7)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.support.client import Api, User


def make(user: User, title: str = "A note", **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = user.post("notes/", {"title": title, **more}).json()
    return body


def history(user: User, note: dict[str, Any]) -> list[dict[str, Any]]:
    answer = user.get(f"notes/{note['id']}/history/")
    assert answer.status_code == 200
    body: list[dict[str, Any]] = answer.json()
    return body


@pytest.mark.contract("notes §3.6", "notes §7")
def test_a_snapshot_is_in_the_history(mine: User, look: Any) -> None:
    note = make(mine, content="# A\n\ntext", description="d", metadata_json="m", editor_mode="B")
    assert history(mine, note) == []
    taken = mine.post(f"notes/{note['id']}/snapshot/")
    assert taken.status_code == 201
    version = taken.json()
    assert {**version, "id": 0, "date_created": "", "label": ""} == {
        "id": 0, "title": "A note", "description": "d", "content": "# A\n\ntext", "metadata_json": "m",
        "editor_mode": "B", "reason": "manual", "label": "", "date_created": "",
    }  # fmt: skip
    assert version["date_created"].endswith("Z")
    assert version["label"] == version["date_created"][:16].replace("T", " ")
    assert history(mine, note) == [version]
    assert mine.get(f"notes/{note['id']}/").json()["last_edit"] == note["last_edit"]
    assert len(look.events("note.%", note_id=note["id"])) == 1


@pytest.mark.contract("notes §3.6", "notes §1", "notes §7")
@pytest.mark.parametrize(
    ("given", "reason", "label"),
    [
        ({"reason": "autosave_1m"}, "autosave_1m", "AutoSave-1m"),
        ({"reason": "AutoSave_10M"}, "AutoSave_10M", "AutoSave-10m"),
        ({"reason": "autosave_1h"}, "autosave_1h", "AutoSave-1h"),
        ({"reason": None}, "manual", None),
        ({"reason": " "}, "manual", None),
        ({"reason": "q" * 40}, "q" * 32, None),
        ({"reason": 5}, "5", None),
    ],
)
def test_versions_are_labelled_by_reason(mine: User, given: dict[str, Any], reason: str, label: str | None) -> None:
    version = mine.post(f"notes/{make(mine)['id']}/snapshot/", given).json()
    assert version["reason"] == reason
    assert version["label"] == label or re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", version["label"])


@pytest.mark.contract("notes §7", "notes §2.7")
def test_only_the_newest_twelve_stay_newest_first(mine: User) -> None:
    note = make(mine)
    for number in range(15):
        mine.post(f"notes/{note['id']}/snapshot/", {"reason": str(number)})
    assert [version["reason"] for version in history(mine, note)] == [str(n) for n in range(14, 2, -1)]


@pytest.mark.contract("notes §7", "notes §2.7", "notes §3.4")
def test_restoring_a_version_keeps_course_and_visibility(mine: User, look: Any) -> None:
    course = mine.post("courses/", {"title": "C"}).json()["id"]
    note = make(mine, content="# A\n\nold", description="d", metadata_json="m", custom_meta="c1")
    version = mine.post(f"notes/{note['id']}/snapshot/").json()
    later = mine.patch(
        f"notes/{note['id']}/",
        {"title": "New", "content": "new", "description": None, "metadata_json": "m2", "custom_meta": "c2",
         "editor_mode": "G", "course_id": course, "is_public": True},
    ).json()  # fmt: skip
    answer = mine.post(f"notes/{note['id']}/restore/{version['id']}/")
    assert answer.status_code == 200
    restored = answer.json()
    assert "can_edit" not in restored
    kept = ("title", "description", "content", "metadata_json", "editor_mode", "excerpt", "preview_lines")
    assert {name: restored[name] for name in kept} == {name: note[name] for name in kept}
    assert [(b["block_type"], b["text"]) for b in restored["blocks"]] == [("T", "A"), ("N", "old")]
    assert (restored["custom_meta"], restored["course_id"], restored["is_public"]) == ("c2", course, True)
    assert restored["last_edit"] > later["last_edit"]
    newest = history(mine, note)[0]
    assert (newest["reason"], newest["content"], newest["description"]) == ("before_restore", "new", None)
    assert len(look.events("activity.recorded", note_id=note["id"])) == 2
    assert [event["title"] for event in look.events("note.updated", note_id=note["id"])] == ["New", "A note"]


@pytest.mark.contract("notes §7")
def test_an_empty_version_restores_its_title(mine: User) -> None:
    note = make(mine, "Empty")
    version = mine.post(f"notes/{note['id']}/snapshot/").json()
    mine.patch(f"notes/{note['id']}/", {"content": "text"})
    restored = mine.post(f"notes/{note['id']}/restore/{version['id']}/").json()
    assert restored["content"] == ""
    assert [(b["block_type"], b["text"]) for b in restored["blocks"]] == [("T", "Empty")]


@pytest.mark.contract("notes §7")
def test_the_oldest_of_twelve_can_be_restored(mine: User) -> None:
    note = make(mine, content="the first")
    oldest = mine.post(f"notes/{note['id']}/snapshot/").json()
    mine.patch(f"notes/{note['id']}/", {"content": "later"})
    for _ in range(11):
        mine.post(f"notes/{note['id']}/snapshot/")
    assert history(mine, note)[-1]["id"] == oldest["id"]
    path = f"notes/{note['id']}/restore/{oldest['id']}/"
    assert mine.post(path).json()["content"] == "the first"
    assert len(history(mine, note)) == 12
    assert mine.post(path).status_code == 404  # that very snapshot pushed it out


@pytest.mark.contract("notes §7")
def test_versions_are_for_the_author_only(mine: User, other: User, api: Api) -> None:
    note, twin = make(mine, is_public=True), make(mine)
    version = mine.post(f"notes/{note['id']}/snapshot/").json()["id"]
    calls = (("GET", "history/"), ("POST", "snapshot/"), ("POST", f"restore/{version}/"))
    for method, end in calls:
        path = f"notes/{note['id']}/{end}"
        assert api.request(method, path, json={}).status_code == 401
        assert other.request(method, path, json={}).status_code == 403
        assert mine.request(method, f"notes/999999999/{end}", json={}).status_code == 404
    assert mine.post(f"notes/{twin['id']}/restore/{version}/").status_code == 404
    assert mine.post(f"notes/{note['id']}/snapshot/", {"reason": []}).json().keys() == {"reason"}
    mine.patch(f"notes/{note['id']}/", {"is_public": False})
    for method, end in calls:
        assert isinstance(other.request(method, f"notes/{note['id']}/{end}", json={}).json(), list)
    mine.delete(f"notes/{note['id']}/")
    for method, end in calls:
        assert mine.request(method, f"notes/{note['id']}/{end}", json={}).status_code == 404


@pytest.mark.contract("notes §7", "notes §5.6")
def test_a_text_is_revised_and_the_one_before_kept(mine: User, other: User) -> None:
    note = mine.post("notes/", {"title": "Revised", "content": "# Revised\n\none", "is_public": True}).json()
    path = f"notes/{note['id']}/revise/"
    after = mine.post(path, {"content": "# Revised\n\ntwo words", "reason": "x" * 40})
    assert (after.status_code, after.json()["content"]) == (200, "# Revised\n\ntwo words")
    assert after.json()["blocks"] != note["blocks"]
    assert after.json()["last_edit"] > note["last_edit"]
    (version,) = mine.get(f"notes/{note['id']}/history/").json()
    assert (version["content"], version["reason"]) == (note["content"], "x" * 32)
    for body, field in (({}, "content"), ({"content": None}, "content"), ({"content": "a\x00b"}, "content")):
        refused = mine.post(path, body)
        assert (refused.status_code, list(refused.json())) == (400, [field])
    assert len(mine.get(f"notes/{note['id']}/history/").json()) == 1
    assert other.post(path, {"content": "theirs"}).status_code == 403
    assert mine.post("notes/999999999/revise/", {"content": "x"}).status_code == 404


@pytest.mark.contract("notes §7")
def test_small_changes_leave_what_was_kept_on_purpose(mine: User) -> None:
    note = mine.post("notes/", {"title": "Often", "content": "0"}).json()["id"]
    for number in range(3):
        mine.post(f"notes/{note}/snapshot/", {"reason": f"mine {number}"})
    for number in range(1, 31):
        assert mine.post(f"notes/{note}/revise/", {"content": str(number), "reason": "small"}).status_code == 200
    versions = mine.get(f"notes/{note}/history/").json()
    assert [version["reason"] for version in versions] == ["small"] * 9 + ["mine 2", "mine 1", "mine 0"]
    assert [version["content"] for version in versions[:9]] == [str(number) for number in range(29, 20, -1)]
    for _ in range(8):
        mine.post(f"notes/{note}/snapshot/", {"reason": "later"})
    reasons = [version["reason"] for version in mine.get(f"notes/{note}/history/").json()]
    assert reasons == ["later"] * 8 + ["small"] * 4
    mine.post(f"notes/{note}/revise/", {"content": "x", "reason": "small"})
    reasons = [version["reason"] for version in mine.get(f"notes/{note}/history/").json()]
    assert reasons == ["small"] + ["later"] * 8 + ["small"] * 3  # few of them: the oldest goes, as always
