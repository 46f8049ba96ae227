"""`GET /api/v1/status/`: every service as it is, for staff; what is away is shown, never a 5xx."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.admin import make_staff
from tests.support.client import Api, User, eventually
from tests.support.documents import SERVICES, SERVICES_WITH_SCHEMA
from tests.support.replica import another

pytestmark = pytest.mark.usefixtures("no_dead_letters")


@pytest.fixture(scope="module")
def staff(api: Api) -> User:
    """A user who is staff."""
    return make_staff(api, api.register())


def status(user: User) -> dict[str, Any]:
    answer = user.get("status/")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of(user: User, service: str) -> dict[str, Any]:
    (found,) = [one for one in status(user)["services"] if one["name"] == service]
    return dict(found)


def test_only_staff_sees_it(api: Api, staff: User) -> None:
    assert api.get("status/").status_code == 401
    refused = api.register().get("status/")
    assert refused.status_code == 403
    assert refused.json() == {"detail": "Status not shown: Backend.Status/permission_check — only staff may see it."}
    assert staff.get("status/").status_code == 200
    assert staff.post("status/").status_code == 405
    assert staff.get("status/").headers["content-type"].startswith("application/json")


def test_every_service_is_shown_whole(api: Api, staff: User) -> None:
    found = eventually(lambda: (now := status(staff))["status"] == "ok" and now, what="all is well")
    version = api.get("handshake/").json()["version"]
    assert found["findings"] == []
    assert found["version"] == version
    assert found["backup"] == "no backup was made yet" or " MiB)" in found["backup"]
    assert [one["name"] for one in found["services"]] == list(SERVICES)
    *keeping, web = found["services"]
    for one in keeping:
        assert one["reachable"] is one["database"] is one["bus"] is True
        assert one["version"] == version
        assert one["replicas"] == 1
        (instance,) = one["instances"]
        assert (instance["version"], instance["processes"]) == (version, 1)
        assert one["migrations"]["current"] is True
        assert one["migrations"]["revision"] == one["migrations"]["head"] is not None
        assert one["outbox"].keys() == {"unsent", "oldest_seconds"}
        assert one["dead_letters"] == 0
        assert one["storage_bytes"] > 8192
    received = {one["name"]: {consumer["stream"] for consumer in one["consumers"]} for one in keeping}
    assert received == {
        "identity": set(),
        "notes": {"IDENTITY", "PLANNER"},
        "planner": {"IDENTITY", "NOTES"},
        "mcp": {"IDENTITY"},
    }
    assert [one["bus_problems"] for one in keeping] == [[]] * len(keeping)
    # It has no schema and no bus of which anything could be said.
    assert (web["reachable"], web["version"]) == (True, version)
    assert {web[name] for name in ("database", "bus", "outbox", "consumers", "dead_letters", "replicas")} == {None}


def test_replicas_are_counted_while_they_live(stack: Stack, staff: User) -> None:
    with another(stack, "notes"):
        found = eventually(lambda: (now := of(staff, "notes"))["replicas"] == 2 and now, what="two replicas")
        assert len({one["id"] for one in found["instances"]}) == 2
    eventually(lambda: of(staff, "notes")["replicas"] == 1, what="one again")


@contextmanager
def without(stack: Stack, part: str) -> Iterator[None]:
    stack.stop_part(part)
    try:
        yield
    finally:
        stack.start_part(part)


@pytest.mark.parametrize("service", ["notes", "planner", "mcp"])
def test_a_service_that_is_away_is_shown_as_such(stack: Stack, staff: User, service: str) -> None:
    with without(stack, service):
        found = status(staff)
        (away,) = [one for one in found["services"] if one["name"] == service]
        assert away["reachable"] is False
        assert {away[name] for name in ("version", "replicas", "database", "bus", "outbox", "dead_letters")} == {None}
        assert [one["reachable"] for one in found["services"]].count(True) == 4
        assert found["status"] == "degraded"
        assert [one["part"] for one in found["findings"]] == [service]
        assert f"{service} does not answer." in found["findings"][0]["problem"]
    eventually(lambda: status(staff)["status"] == "ok")


def test_services_that_hang_are_not_waited_for(stack: Stack, staff: User) -> None:
    """They hold the connection and say nothing; the client here gives up after 20 s, the gateway later."""
    hanging = ("notes", "planner", "mcp")
    assert status(staff)["services"]
    for service in hanging:
        os.kill(stack.pid(service), signal.SIGSTOP)
    try:
        found = status(staff)
        assert {one["name"]: one["reachable"] for one in found["services"]} == {
            "identity": True, "notes": False, "planner": False, "mcp": False, "web": True,
        }  # fmt: skip
    finally:
        for service in hanging:
            os.kill(stack.pid(service), signal.SIGCONT)
    eventually(lambda: status(staff)["status"] == "ok")


def test_a_bus_that_is_away_is_shown_as_such(stack: Stack, staff: User) -> None:
    with without(stack, "nats"):
        eventually(lambda: {one["bus"] for one in status(staff)["services"][:4]} == {False}, what="the bus is away")
        found = status(staff)
        assert {one["consumers"] for one in found["services"]} == {None}
        assert {one["database"] for one in found["services"][:4]} == {True}
        assert {one["part"] for one in found["findings"]} == set(SERVICES_WITH_SCHEMA)
    eventually(lambda: status(staff)["status"] == "ok")


def test_dead_letters_and_a_strange_schema_are_findings(stack: Stack, staff: User) -> None:
    with psycopg.connect(stack.admin_database_url, autocommit=True) as connection:
        (head,) = connection.execute("SELECT version_num FROM planner.alembic_version").fetchone() or ("",)
        connection.execute(
            "INSERT INTO planner.dead_letters (subject, body, error, attempts) VALUES ('notes.note.created', '', '', 4)"
        )
        connection.execute("UPDATE planner.alembic_version SET version_num = 'of-another-time'")
        try:
            found = status(staff)
        finally:
            connection.execute("UPDATE planner.alembic_version SET version_num = %s", (head,))
        planner = next(one for one in found["services"] if one["name"] == "planner")
        assert planner["dead_letters"] == 1
        assert planner["migrations"] == {"revision": "of-another-time", "head": head, "current": False}
        texts = " ".join(one["problem"] for one in found["findings"] if one["part"] == "planner")
        assert "1 dead letters of planner" in texts
        assert f"The schema of planner is at of-another-time, its files at {head}." in texts
        connection.execute("DELETE FROM planner.dead_letters")
    assert status(staff)["status"] == "ok"


def test_the_services_own_word_is_not_for_the_outside(api: Api, stack: Stack) -> None:
    assert api.get("/internal/status").status_code == 404
    for service in SERVICES:
        url = f"{stack.service_url(service)}/internal/status"
        assert httpx.get(url, trust_env=False).status_code == 403
        token = stack.internal_header(service)
        assert httpx.get(url, headers=token, trust_env=False).json()["name"] == service
        forwarded = {**token, "X-Forwarded-For": "192.0.2.1"}
        assert httpx.get(url, headers=forwarded, trust_env=False).status_code == 404


def test_readiness_says_what_a_service_has(stack: Stack) -> None:
    for service in SERVICES:
        found = httpx.get(f"{stack.service_url(service)}/internal/health/ready", trust_env=False).json()
        assert (found["status"], found["service"]) == ("ok", service)
        if service in SERVICES_WITH_SCHEMA:
            assert found["revision"]
            assert found["bus"] is True
            assert found["capabilities"]
        else:
            assert (found["revision"], found["bus"], found["capabilities"]) == (None, None, {})
