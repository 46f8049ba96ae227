"""Notes by uuid (notes §5.2)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import Api, User


def make(user: User, title: str = "A note", **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = user.post("notes/", {"title": title, **more}).json()
    return body


@pytest.mark.contract("notes §5.2", "notes §3.4")
def test_get_by_uuid_in_any_letter_case(mine: User, other: User, api: Api) -> None:
    note = make(mine, content="text", is_public=True)
    for spelling in (note["uuid"], note["uuid"].upper()):
        for reader, can_edit in ((mine, True), (other, False), (api, False)):
            answer = reader.get(f"notes/uuid/{spelling}/")
            assert (answer.status_code, answer.json()) == (200, {**note, "can_edit": can_edit})


@pytest.mark.contract("notes §5.1", "notes §5.2")
def test_access_by_uuid_is_that_by_id(mine: User, other: User, api: Api) -> None:
    path = f"notes/uuid/{make(mine)['uuid']}/"
    for answer in (other.get(path), api.get(path), other.patch(path, {"title": ""}), other.delete(path)):
        assert answer.status_code == 400
        assert len(answer.json()) == 1
        assert isinstance(answer.json()[0], str)
    for method in ("PATCH", "DELETE"):
        assert api.request(method, path, json={}).status_code == 401
    mine.patch(path, {"is_public": True})
    assert other.patch(path, {"title": ""}).status_code == 403
    assert other.delete(path).status_code == 403
    unknown = "notes/uuid/0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10/"
    for answer in (mine.get(unknown), mine.patch(unknown, {"title": ""}), mine.delete(unknown)):
        assert (answer.status_code, list(answer.json())) == (404, ["detail"])
    assert mine.get("notes/uuid/not-a-uuid/").status_code == 404


@pytest.mark.contract("notes §5.6", "notes §3.4", "notes §5.2", "notes §9.1")
def test_patch_by_uuid_carries_can_edit_and_counts_all_words(mine: User, look: Any) -> None:
    note = make(mine, content="one two three four five")
    path = f"notes/uuid/{note['uuid']}/"
    changed = mine.patch(path, {"content": "one two"}).json()
    assert (changed["can_edit"], changed["content"], changed["uuid"]) == (True, "one two", note["uuid"])
    mine.patch(path, {"title": "no text"})
    words = [event["word_count"] for event in look.events("activity.recorded", note_id=note["id"])]
    assert words == [5, 2]
    assert mine.patch(path, {"title": ""}).json() == {"title": ["This field may not be blank."]}


@pytest.mark.contract("notes §5.8", "notes §5.2")
def test_a_note_is_deleted_by_uuid(mine: User) -> None:
    note = make(mine)
    path = f"notes/uuid/{note['uuid']}/"
    assert mine.delete(path).status_code == 204
    assert mine.get(path).status_code == 404
    assert mine.delete(path).status_code == 404
    assert [binned["id"] for binned in mine.get("notes/deleted/").json()] == [note["id"]]


@pytest.mark.contract("notes §3.3")
def test_comments_name_their_source(mine: User, other: User) -> None:
    note = make(mine, is_public=True)
    comment = make(other, "c", note_type="C", source_note_uuid=note["uuid"].upper())
    assert (comment["note_type"], comment["source_note_uuid"]) == ("C", note["uuid"])
    lost = make(other, "c", note_type="C", source_note_uuid="0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10")
    assert lost["source_note_uuid"] is None
    assert list(other.post("notes/", {"title": "c", "source_note_uuid": "x"}).json()) == ["source_note_uuid"]
