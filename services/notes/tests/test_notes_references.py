"""What other services may ask (ADR 0003), and that nobody else may."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.client import Api, User

from notechondria_launcher.stack import Stack


@pytest.fixture
def ask(stack: Stack) -> Any:
    """GET an internal path past the gateway, with or without a token of the planner."""

    def get(path: str, token: str | None = None) -> httpx.Response:
        headers = stack.internal_header("notes", "planner") if token is None else {"X-Internal-Token": token}
        return httpx.get(f"{stack.service_url('notes')}{path}", headers=headers, trust_env=False)

    return get


def test_note_reference_through_its_life(mine: User, look: Any, ask: Any) -> None:
    course = mine.post("courses/", {"title": "C"}).json()["id"]
    note = mine.post("notes/", {"title": "Ref", "description": "d", "course_id": course}).json()
    path = f"/internal/notes/{note['id']}/reference"
    assert ask(path).json() == {
        "note_id": note["id"],
        "uuid": note["uuid"],
        "user_id": mine.id,
        "title": "Ref",
        "description": "d",
        "course_id": course,
        "revision": 1,
        "state": "live",
    }
    mine.patch(f"notes/{note['id']}/", {"description": None, "course_id": None})
    mine.delete(f"notes/{note['id']}/")
    binned = ask(path).json()
    assert (binned["state"], binned["revision"], binned["description"], binned["course_id"]) == ("trashed", 3, "", None)
    mine.post(f"notes/{note['id']}/restore/")
    assert (ask(path).json()["state"], ask(path).json()["revision"]) == ("live", 4)
    mine.delete(f"notes/{note['id']}/")
    mine.delete("notes/deleted/empty/")
    assert ask(path).status_code == 404
    assert [event["revision"] for event in look.events("note.%", note_id=note["id"])] == [1, 2, 3, 4, 5, 6]


def test_course_reference(mine: User, ask: Any) -> None:
    course = mine.post("courses/", {"title": "Ref"}).json()["id"]
    path = f"/internal/courses/{course}/reference"
    assert ask(path).json() == {"course_id": course, "user_id": mine.id, "title": "Ref", "revision": 1}
    mine.delete(f"courses/{course}/")
    assert ask(path).status_code == 404


def test_references_are_internal(mine: User, api: Api, ask: Any) -> None:
    note = mine.post("notes/", {"title": "Ref", "is_public": True}).json()["id"]
    path = f"/internal/notes/{note}/reference"
    for token in ("", "wrong"):
        assert ask(path, token).status_code == 403
    for reader in (api, mine):
        assert reader.get(path).status_code == 404
