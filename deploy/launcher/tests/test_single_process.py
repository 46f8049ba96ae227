"""All services in one process (NOTECHONDRIA_TOGETHER): the same stack, four parts less."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.support.client import Api, eventually

from notechondria_cli import control, preflight
from notechondria_cli.layout import Layout
from notechondria_launcher.plan import Plan
from notechondria_launcher.stack import Stack


class Together(Stack):
    """A stack whose services write one log."""

    def log(self, name: str) -> Path:
        return super().log("services" if name == "identity" else name)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Together]:
    with tempfile.TemporaryDirectory(prefix="notechondria-together-") as folder:
        Path(folder).chmod(0o711)
        env = {"NOTECHONDRIA_TOGETHER": "1", "AUTH_RATE_PER_MINUTE": "0", "LOG_FORMAT": "json"}
        with Together(Path(folder), env=env) as running:
            yield running


def test_all_services_work_in_one_process(deployment: Together) -> None:
    with Api(deployment) as api:
        names = {"auth", "notes", "courses", "planner", "mcp"}
        eventually(lambda: names <= set(api.get("handshake/").json()["capabilities"]))
        user = api.register()
        note = user.post("notes/", {"title": "Together", "content": "x"}).json()["id"]
        session = user.post("note-sessions/", {"note_id": note})
        assert session.status_code == 201, session.text
        # An event goes from one service to another, over the bus as always.
        assert user.delete(f"notes/{note}/").status_code == 204
        assert user.delete("notes/deleted/empty/").json()["count"] == 1
        path = f"note-sessions/{session.json()['id']}/"
        eventually(lambda: user.patch(path, {"title": "x"}).status_code == 404)


def test_the_gateway_saves_memory_only_where_there_is_little(deployment: Together, data: Path) -> None:
    assert deployment.plan.traefik.spec().env["GOGC"] == "50"
    preflight.check_folder(Layout(data))
    several = Plan(Layout(data), "127.0.0.1", 0, {})
    try:
        assert several.traefik.spec().env["GOGC"] == "200"
    finally:
        several.release()


def test_each_line_names_the_service_that_wrote_it(deployment: Together) -> None:
    lines = [json.loads(line) for line in deployment.log("identity").read_text().splitlines()]
    answered = {
        (line["service"], line["path"].split("/")[3]) for line in lines if line.get("path", "").startswith("/api/")
    }
    assert {("identity", "auth"), ("notes", "notes"), ("planner", "note-sessions")} <= answered
    assert not {("mcp", "notes"), ("mcp", "note-sessions"), ("identity", "notes")} & answered


def test_each_service_has_its_own_role_still(deployment: Together) -> None:
    with psycopg.connect(deployment.admin_database_url) as admin:
        rows = admin.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'notechondria'").fetchall()
    assert {"identity", "notes", "planner", "mcp"} <= {row[0] for row in rows}


def test_what_is_one_part_is_shown_and_restarted_as_one(deployment: Together) -> None:
    layout = Layout(deployment.data)
    shown = [part.name for part in control.report(layout, memory=False).parts]
    assert shown == ["postgres", "nats", "services", "gateway"]
    before = deployment.pid("services")
    psutil.Process(before).kill()
    eventually(
        lambda: deployment.pid("services") != before and control.report(layout, memory=False).parts[2].running, 30
    )
    with Api(deployment) as api:
        eventually(lambda: api.get("courses/").status_code == 200, 30)
