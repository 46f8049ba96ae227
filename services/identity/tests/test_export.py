"""Export of everything every service holds, and named API keys."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.mcp import call_tool


def exported(user: User) -> zipfile.ZipFile:
    answer = user.get("auth/account/export/")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def test_export_holds_the_account_and_its_files(api: Api) -> None:
    user = api.register()
    key = user.rotate_key()
    user.patch("settings/", {"motto": "all of it", "app_settings": {"own": [1, 2]}})
    archive = exported(user)
    account = json.loads(archive.read("account.json"))
    assert (account["id"], account["motto"], account["app_settings"]["own"]) == (user.id, "all of it", [1, 2])
    assert len(account["sessions"]) == 1
    assert archive.read(f"files/{account['image_path']}").startswith(b"\x89PNG")
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode("latin-1")
    for secret in (PASSWORD, user.token, key, "argon2", "digest"):
        assert secret not in everything
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["files_not_found"] == []


def test_export_holds_what_every_service_keeps(api: Api) -> None:
    user = api.register()
    course = user.post("courses/", {"title": "Exported course"}).json()
    note = user.post("notes/", {"title": "Exported note", "content": "words of mine", "course_id": course["id"]}).json()
    file = {"file": ("plan.txt", b"my own file", "text/plain")}
    assert user.request("POST", f"notes/{note['id']}/attachments/", files=file).status_code == 201
    user.post("planner-events/", {"title": "Exported event", "event_date": "2031-01-01"})
    user.post("note-sessions/", {"note_id": note["id"]})
    feed = "BEGIN:VCALENDAR\r\nEND:VCALENDAR"
    user.post("calendar-feeds/", {"title": "Exported feed", "raw_ical": feed})
    call_tool(api, user.rotate_key(), "list_notes", {})
    archive = exported(user)
    texts = {name: archive.read(f"{name}.json").decode() for name in ("notes", "planner", "mcp")}
    for words in ("Exported course", "Exported note", "words of mine", "plan.txt"):
        assert words in texts["notes"]
    for words in ("Exported event", "Exported feed"):
        assert words in texts["planner"]
    assert "list_notes" in texts["mcp"]
    files = [name for name in archive.namelist() if name.startswith("files/")]
    assert any(name.endswith("plan.txt") and archive.read(name) == b"my own file" for name in files), files
    assert json.loads(archive.read("manifest.json"))["not_asked"] == {}


def test_export_needs_login_and_shows_nobody_else(api: Api) -> None:
    assert api.get("auth/account/export/").status_code == 401
    mine, other = api.register(), api.register()
    text = exported(mine).read("account.json").decode()
    assert mine.email in text
    assert other.email not in text


def test_export_names_a_service_that_is_away(api: Api) -> None:
    user = api.register()
    api.stack.stop_part("planner")
    try:
        manifest = json.loads(exported(user).read("manifest.json"))
    finally:
        api.stack.start_part("planner")
    assert "planner" in manifest["not_asked"]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.contract("identity §2")
def test_named_keys_live_beside_the_rotated_one(api: Api) -> None:
    user, stranger = api.register(), api.register()
    rotated = user.rotate_key()
    made = user.post("auth/api-keys/", {"name": "backup script"})
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["name"], body["scopes"], body["rotated"]) == ("backup script", ["read", "write"], False)
    key = body["api_key"]
    for one in (rotated, key):
        assert api.get("notes/deleted/", headers=bearer(one)).status_code == 200
    listed = user.get("auth/api-keys/").json()["api_keys"]
    assert listed[0]["id"] == body["id"]
    assert key not in str(listed)
    assert stranger.get("auth/api-keys/").json() == {"api_keys": []}
    assert stranger.delete(f"auth/api-keys/{body['id']}/").status_code == 404
    user.rotate_key()
    eventually(lambda: api.get("notes/deleted/", headers=bearer(rotated)).status_code == 401, seconds=5)
    assert api.get("notes/deleted/", headers=bearer(key)).status_code == 200
    assert user.delete(f"auth/api-keys/{body['id']}/").status_code == 204
    eventually(lambda: api.get("notes/deleted/", headers=bearer(key)).status_code == 401, seconds=5)
    assert user.delete(f"auth/api-keys/{body['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": "read"}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": [["read"]]}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
    ],
)
def test_named_keys_field_rules(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.register().post("auth/api-keys/", {"name": "x", **change})
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_key_ends_at_its_expiry(api: Api) -> None:
    user = api.register()
    body = {"name": "short", "expires_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    key = user.post("auth/api-keys/", body).json()["api_key"]
    assert api.get("auth/sessions/", headers=bearer(key)).status_code == 200
    with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE user_id = %s", (user.id,))
    assert api.get("auth/sessions/", headers=bearer(key)).json() == {"detail": "Invalid API key."}


def test_last_use_is_noted_at_most_every_five_minutes(api: Api) -> None:
    user = api.register()
    key = user.post("auth/api-keys/", {"name": "used"}).json()["api_key"]
    assert user.get("auth/api-keys/").json()["api_keys"][0]["last_used_at"] is None
    api.get("auth/sessions/", headers=bearer(key))
    first = user.get("auth/api-keys/").json()["api_keys"][0]["last_used_at"]
    assert first is not None
    api.get("auth/sessions/", headers=bearer(key))
    assert user.get("auth/api-keys/").json()["api_keys"][0]["last_used_at"] == first


WRITES = [
    ("POST", "notes/"),
    ("POST", "courses/"),
    ("PATCH", "notes/1/"),
    ("DELETE", "notes/1/"),
    ("POST", "planner-events/"),
    ("PATCH", "planner-events/1/"),
    ("DELETE", "planner-events/1/"),
    ("POST", "note-sessions/"),
    ("DELETE", "notes/deleted/empty/"),
    ("PATCH", "settings/"),
    ("POST", "auth/rotate-api-key/"),
    ("POST", "auth/api-keys/"),
    ("DELETE", "auth/sessions/1/"),
    ("DELETE", "auth/account/"),
]


@pytest.mark.contract("identity §3")
def test_a_read_only_key_reads_everywhere_and_writes_nowhere(api: Api) -> None:
    user = api.register()
    key = user.post("auth/api-keys/", {"name": "reader", "scopes": ["read"]}).json()["api_key"]
    for path in ("notes/", "notes/deleted/", "courses/", "planner-events/", "activity/week/", "settings/"):
        assert api.get(path, headers=bearer(key)).status_code == 200, path
    for method, path in WRITES:
        answer = api.request(method, path, json={}, headers=bearer(key))
        assert (answer.status_code, list(answer.json())) == (403, ["detail"]), (method, path, answer.text)
