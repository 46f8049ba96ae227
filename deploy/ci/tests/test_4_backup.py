"""Backup under load, and everything back in a stack that had nothing."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.ci.tests.deployment import ComposeDeployment
from deploy.ci.tests.load import Load, missing
from tests.support.client import Api, User, eventually


def test_backup_under_load_and_restore_into_an_empty_house(stack: ComposeDeployment, api: Api, tmp_path: Path) -> None:
    user = api.register()
    note = user.post("notes/", {"title": "With a file", "content": "x"}).json()["id"]
    sent = user.request("POST", f"notes/{note}/attachments/", files={"file": ("a.txt", b"content", "text/plain")})
    assert sent.status_code == 201, sent.text
    event = user.post("planner-events/", {"title": "Dentist", "event_date": "2030-01-01"}).json()
    with Load(user) as load:
        eventually(lambda: len(load.written) > 50, 30)
        before = list(load.written)
        stack.compose("run", "--rm", "tools", "notechondria", "backup", "/backups/test.tar")
    assert load.failures == []
    print(f"\nbackup while {len(load.written) - len(before)} notes were written; {len(before)} before it")

    archive = tmp_path / "test.tar"
    with archive.open("wb") as file:
        stack.compose("run", "--rm", "-T", "tools", "cat", "/backups/test.tar", stdout=file)
    stack.down()
    stack.up("postgres")
    with archive.open("rb") as file:
        stack.compose("run", "--rm", "-T", "tools", "sh", "-c", "cat >/backups/test.tar", stdin=file)
    stack.compose("run", "--rm", "tools", "notechondria", "restore", "/backups/test.tar")
    stack.up()

    same = User(api, user.id, user.username, user.email, user.password, user.token)
    assert same.get("auth/session/").json()["authenticated"] is True
    assert missing(same, before) == []
    assert same.get(f"planner-events/{event['id']}/").json()["title"] == "Dentist"
    (attachment,) = same.get(f"notes/{note}/attachments/").json()
    assert api.http.get(attachment["url"]).content == b"content"
    # The operators' commands reach the services in their containers.
    replayed = json.loads(stack.compose("run", "--rm", "-T", "tools", "notechondria", "events", "replay", "--json"))
    assert set(replayed["marked"]) >= {"identity", "notes"}
    assert "admin" in stack.compose("run", "--rm", "-T", "tools", "notechondria", "users", "list")
    assert same.post("notes/", {"title": "And on it goes"}).status_code == 201
