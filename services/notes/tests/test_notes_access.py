"""Access to every endpoint: who may call it, the order of checks, and the shape of refusals (notes §1-§8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.client import Api, User

NOBODY = 999_999_999
UUID = "0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10"
Call = tuple[str, str]

PUBLIC = (
    "courses/", "courses/{course}/", "courses/{course}/notes/", "notes/", "notes/{note}/", "notes/uuid/{uuid}/",
    "front-page/", "activity/",
)  # fmt: skip
LOGIN: tuple[Call, ...] = (
    ("POST", "courses/"), ("POST", "courses/reorder/"), ("PATCH", "courses/{course}/"), ("DELETE", "courses/{course}/"),
    ("POST", "courses/{course}/subscribe/"), ("DELETE", "courses/{course}/subscribe/"),
    ("POST", "courses/{course}/open/"), ("POST", "admin/template-courses/restore/"), ("POST", "notes/"),
    ("POST", "notes/{note}/restore/"), ("GET", "notes/deleted/"), ("DELETE", "notes/deleted/empty/"),
    ("DELETE", "notes/deleted/{note}/"), ("GET", "notes/{note}/attachments/"),
    ("GET", "notes/uuid/{uuid}/attachments/"), ("PATCH", "blocks/{block}/"), ("DELETE", "blocks/{block}/"),
    ("GET", "notes/export/"), ("POST", "notes/import/"),
)  # fmt: skip
OWNER: tuple[Call, ...] = (
    ("PATCH", "notes/{note}/"), ("DELETE", "notes/{note}/"), ("PATCH", "notes/uuid/{uuid}/"),
    ("DELETE", "notes/uuid/{uuid}/"), ("POST", "notes/{note}/blocks/"), ("POST", "notes/{note}/reorder/"),
    ("GET", "notes/{note}/history/"), ("POST", "notes/{note}/snapshot/"), ("POST", "notes/{note}/restore/{version}/"),
    ("POST", "notes/{note}/attachments/"), ("DELETE", "notes/{note}/attachments/{attachment}/"),
    ("POST", "notes/uuid/{uuid}/attachments/"), ("DELETE", "notes/uuid/{uuid}/attachments/{attachment}/"),
    ("POST", "notes/{note}/cover/"), ("DELETE", "notes/{note}/cover/"),
)  # fmt: skip


def one_of_everything(user: User, **more: Any) -> dict[str, Any]:
    """Ids for the paths above."""
    course = user.post("courses/", {"title": f"Access {len(more)}"}).json()
    note = user.post("notes/", {"title": "Access", "content": "text", "course_id": course["id"], **more}).json()
    path = f"notes/{note['id']}/"
    attachment = user.request("POST", f"{path}attachments/", files={"file": ("a.txt", b"a")}).json()
    return {
        "course": course["id"],
        "note": note["id"],
        "uuid": note["uuid"],
        "block": note["blocks"][0]["id"],
        "version": user.post(f"{path}snapshot/").json()["id"],
        "attachment": attachment["id"],
    }


def unknown(ids: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(ids, NOBODY), "uuid": UUID}


def knock(who: User | Api, call: Call, ids: dict[str, Any]) -> httpx.Response:
    """The call, with a body that is refused by every endpoint that reads one."""
    method, path = call
    body = {} if method == "GET" else {"json": {"title": "", "block_type": "?", "ordered_block_ids": []}}
    return who.request(method, path.format(**ids), **body)


def is_detail(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    return answer.status_code == status and set(body) == {"detail"} and isinstance(body["detail"], str)


@pytest.mark.contract("notes §1", "notes §4.1", "notes §4.2", "notes §4.7", "notes §5.1", "notes §7", "notes §8")
def test_login_is_asked_for_before_anything_else(mine: User, api: Api) -> None:
    ids = one_of_everything(mine, is_public=True)
    for call in (*LOGIN, *OWNER):
        for wanted in (ids, unknown(ids)):
            answer = knock(api, call, wanted)
            assert is_detail(answer, 401), call
            assert "Authentication credentials were not provided" in answer.json()["detail"]
            assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.contract("notes §1", "notes §10")
def test_a_bad_header_is_refused_everywhere(mine: User, api: Api) -> None:
    ids = one_of_everything(mine, is_public=True)
    for call in (*(("GET", path) for path in PUBLIC), *LOGIN, *OWNER):
        answer = api.request(call[0], call[1].format(**ids), headers={"Authorization": f"Token {'0' * 40}"})
        assert is_detail(answer, 401), call
        assert "Invalid token" in answer.json()["detail"]
    assert api.get("health/", headers={"Authorization": "Token bad"}).json() == {"status": "ok"}


@pytest.mark.contract("notes §1", "notes §4.1", "notes §5.2", "notes §9.2")
def test_public_endpoints_need_no_login(mine: User, api: Api) -> None:
    ids = one_of_everything(mine, is_public=True)
    for path in PUBLIC:
        assert api.get(path.format(**ids)).status_code == 200, path


@pytest.mark.contract("notes §1", "notes §6.1")
def test_wrong_methods_are_405_after_login(mine: User, api: Api) -> None:
    ids = one_of_everything(mine)
    for path in sorted({*PUBLIC, *(path for _, path in (*LOGIN, *OWNER))}):
        answer = mine.request("PUT", path.format(**ids))
        assert is_detail(answer, 405), path
    for path in sorted({path for _, path in (*LOGIN, *OWNER)} - set(PUBLIC)):
        answer = api.request("PUT", path.format(**ids))
        assert is_detail(answer, 401), path


@pytest.mark.contract("notes §4.1", "notes §1", "notes §4.7")
def test_unknown_courses_are_404(mine: User, api: Api) -> None:
    for call in (("GET", "courses/{course}/"), ("GET", "courses/{course}/notes/")):
        assert is_detail(knock(api, call, {"course": NOBODY}), 404), call
    for call in LOGIN:
        if "{course}" in call[1]:
            assert is_detail(knock(mine, call, {"course": NOBODY}), 404), call


@pytest.mark.contract("notes §5.1", "notes §1", "notes §5.2", "notes §6.1", "notes §7", "notes §8")
def test_order_of_checks_on_every_endpoint_of_an_owner(mine: User, other: User) -> None:
    ids = one_of_everything(mine)
    public = one_of_everything(mine, is_public=True)
    for call in OWNER:
        assert is_detail(knock(other, call, unknown(ids)), 404), call
        private = knock(other, call, ids)
        assert private.status_code == 400, call
        assert [type(text) for text in private.json()] == [str], call
        assert is_detail(knock(other, call, public), 403), call
    assert mine.get(f"notes/{public['note']}/").json()["content"] == "text"
    mine.delete(f"notes/{ids['note']}/")
    for call in OWNER:
        for user in (mine, other):
            assert is_detail(knock(user, call, ids), 404), call


@pytest.mark.contract("notes §6.1")
def test_foreign_blocks_are_403_also_of_private_notes(mine: User, other: User) -> None:
    ids = one_of_everything(mine)
    for method in ("PATCH", "DELETE"):
        assert is_detail(knock(other, (method, "blocks/{block}/"), ids), 403)
        assert is_detail(knock(other, (method, "blocks/{block}/"), unknown(ids)), 404)


@pytest.mark.contract("notes §1", "notes §5.7")
def test_requests_are_never_conditional(mine: User) -> None:
    ids = one_of_everything(mine)
    path = f"notes/{ids['note']}/"
    assert "etag" not in mine.get(path).headers
    past = "Thu, 01 Jan 1970 00:00:00 GMT"
    for headers in ({"If-Match": '"never"'}, {"If-None-Match": "*"}, {"If-Unmodified-Since": past}):
        assert mine.get(path, headers=headers).status_code == 200
        assert mine.patch(path, {"title": "kept"}, headers=headers).status_code == 200
