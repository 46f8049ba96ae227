"""Prometheus metrics: what is counted, for whom it is shown, and that nothing is there while they are off."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import psutil
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api, eventually
from tests.support.documents import SERVICES, SERVICES_WITH_SCHEMA
from tests.support.observed import live, of_gateway, of_service, value
from tests.support.ready_data import own_stack

QUIET = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0", "CONSUMER_BACKOFF_SECONDS": "0.1"}


@pytest.fixture(scope="module")
def watched() -> Iterator[tuple[Api, str]]:
    """A stack with metrics and two worker processes for each service; a token that must not be in any of them."""
    environment = {**QUIET, "METRICS": "on", "WEB_CONCURRENCY": "2", "CALENDAR_FEED_ALLOW_HOSTS": "127.0.0.1"}
    with own_stack(environment) as stack, Api(stack) as api:
        _, _, token = live(api)
        yield api, token


def test_requests_are_counted_over_all_worker_processes(watched: tuple[Api, str]) -> None:
    api, _ = watched
    route = {"service": "identity", "method": "GET", "route": "/api/v1/ping/"}
    before = of_service(api.stack, "identity")
    known = [
        one.value
        for one in before
        if one.name == "notechondria_http_requests_total" and one.labels.items() >= route.items()
    ]
    # Each over a connection of its own, so that both processes get some; each scrape answers for both.
    for _ in range(20):
        httpx.get(f"{api.stack.service_url('identity')}/api/v1/ping/", trust_env=False)
    for _ in range(6):
        found = of_service(api.stack, "identity")
        assert value(found, "notechondria_http_requests_total", **route, status="200") == sum(known) + 20
        assert value(found, "notechondria_http_request_duration_seconds_count", **route) == sum(known) + 20


def test_routes_are_templates_and_no_secret_is_a_label(watched: tuple[Api, str]) -> None:
    api, token = watched
    for path in ("/calendar/of-nobody.ics", "/api/v1/nothing/here/", "notes/987654321/", "/media/none/at/all.png"):
        api.get(path)
    api.request("PROPFIND", "notes/")
    api.request("OPTIONS", "notes/")
    routes: dict[str, set[str]] = {}
    for service in SERVICES:
        response = httpx.get(f"{api.stack.service_url(service)}/internal/metrics", trust_env=False)
        assert token not in response.text
        assert "of-nobody" not in response.text
        assert "987654321" not in response.text
        routes[service] = {one.labels["route"] for one in of_service(api.stack, service) if "route" in one.labels}
    assert {"/api/v1/notes/", "/api/v1/notes/{note_id}/", "(preflight)"} <= routes["notes"]
    assert {"/media/{path}"} <= routes["notes"]
    assert any(route.startswith("/calendar/{") for route in routes["planner"])
    assert {"(no route)", "/api/v1/auth/register/"} <= routes["identity"]
    assert "/mcp/" in routes["mcp"]
    assert "/internal/introspect" in routes["identity"]
    for service, found in routes.items():
        assert not {route for route in found if route.startswith("/internal/health")}, service
    methods = {one.labels["method"] for one in of_service(api.stack, "notes") if "method" in one.labels}
    assert methods <= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"}
    assert "OTHER" in methods


def test_every_service_shows_pools_bus_and_lag(watched: tuple[Api, str]) -> None:
    api, _ = watched
    for service in SERVICES_WITH_SCHEMA:
        found = of_service(api.stack, service)
        assert value(found, "notechondria_database_up", service=service) == 1
        assert value(found, "notechondria_bus_up", service=service) == 1
        for pool in ("read", "write"):
            # Two processes with four connections each.
            eventually(lambda: value(of_service(api.stack, service), "notechondria_database_pool_size", pool=pool) == 8)
            assert 0 <= value(found, "notechondria_database_pool_used", pool=pool) <= 8
            eventually(
                lambda: value(of_service(api.stack, service), "notechondria_database_pool_waiting", pool=pool) == 0
            )
        assert value(found, "notechondria_dead_letters", service=service) == 0
        eventually(lambda: value(of_service(api.stack, service), "notechondria_outbox_unsent") == 0)
        assert value(found, "notechondria_http_requests_in_flight", service=service) >= 0
    streams = {
        (service, one.labels["stream"])
        for service in SERVICES
        for one in of_service(api.stack, service)
        if one.name == "notechondria_consumer_pending"
    }
    assert {("notes", "IDENTITY"), ("planner", "NOTES"), ("planner", "IDENTITY"), ("mcp", "IDENTITY")} <= streams
    # web has requests to show, and nothing else.
    names = {one.name for one in of_service(api.stack, "web") if one.labels.get("service") == "web"}
    assert "notechondria_http_requests_in_flight" in names
    assert not {name for name in names if re.search("database|bus|outbox|consumer|dead_letters", name)}


def test_what_single_services_count(watched: tuple[Api, str]) -> None:
    api, _ = watched
    notes = of_service(api.stack, "notes")
    assert value(notes, "notechondria_introspection_lookups_total", result="miss") >= 1
    user = api.register()
    for _ in range(10):
        assert user.get("notes/").status_code == 200
    assert value(of_service(api.stack, "notes"), "notechondria_introspection_lookups_total", result="hit") >= 8
    identity = of_service(api.stack, "identity")
    assert value(identity, "notechondria_password_queue") == 0
    assert value(identity, "notechondria_password_queue_limit") >= 64
    planner = of_service(api.stack, "planner")
    assert value(planner, "notechondria_feed_fetches_total") >= 1
    assert value(planner, "notechondria_feed_fetch_duration_seconds_count") >= 1
    mcp = of_service(api.stack, "mcp")
    assert value(mcp, "notechondria_mcp_calls_total", tool="list_notes", outcome="ok") == 1
    assert value(mcp, "notechondria_mcp_call_duration_seconds_count", tool="list_notes") == 1


def test_a_worker_that_died_leaves_its_counts_and_not_its_gauges(watched: tuple[Api, str]) -> None:
    api, _ = watched

    def size() -> float:
        return value(of_service(api.stack, "mcp"), "notechondria_database_pool_size", pool="read")

    eventually(lambda: size() == 8)
    counted = value(of_service(api.stack, "mcp"), "notechondria_mcp_calls_total")
    supervisor = psutil.Process(api.stack.pid("mcp"))
    workers = supervisor.children()
    assert len(workers) == 2
    workers[0].kill()
    workers[0].wait(10)
    # The supervisor makes another; its gauges come in the place of the dead one's.
    eventually(lambda: len({child.pid for child in supervisor.children(recursive=True)} - {workers[0].pid}) >= 2, 20)
    eventually(lambda: size() == 8, 20)
    assert value(of_service(api.stack, "mcp"), "notechondria_mcp_calls_total") == counted


def test_the_outbox_and_a_bus_that_is_away_are_seen(watched: tuple[Api, str]) -> None:
    api, _ = watched
    stack = api.stack
    user = api.register()
    eventually(lambda: user.get("courses/").json())  # Inbox and welcome note are published before the bus goes
    eventually(lambda: value(of_service(stack, "notes"), "notechondria_outbox_unsent") == 0)
    stack.stop_part("nats")
    try:
        assert user.post("notes/", {"title": "While away", "content": ""}).status_code == 201
        found = of_service(stack, "notes")
        assert value(found, "notechondria_outbox_unsent") >= 1
        eventually(lambda: value(of_service(stack, "notes"), "notechondria_outbox_oldest_seconds") > 0.5)
        eventually(lambda: value(of_service(stack, "notes"), "notechondria_bus_up") == 0)
        assert not [one for one in of_service(stack, "notes") if one.name == "notechondria_consumer_pending"]
    finally:
        stack.start_part("nats")
    eventually(lambda: value(of_service(stack, "notes"), "notechondria_outbox_unsent") == 0, 20)
    assert value(of_service(stack, "notes"), "notechondria_outbox_oldest_seconds") == 0


def test_the_gateway_counts_too(watched: tuple[Api, str]) -> None:
    api, token = watched
    found = of_gateway(api.stack)
    assert value(found, "traefik_service_requests_total", service="notes@file") >= 1
    assert value(found, "traefik_entrypoint_requests_total", entrypoint="web") >= 1
    assert token not in str(found)


def test_metrics_are_not_for_the_outside(watched: tuple[Api, str]) -> None:
    api, _ = watched
    for path in ("/internal/metrics", "/INTERNAL/metrics", "//internal/metrics", "/metrics"):
        answer = api.get(path)
        assert answer.status_code == 404, path
        assert "notechondria_" not in answer.text
    url = f"{api.stack.service_url('notes')}/internal/metrics"
    assert httpx.get(url, headers={"X-Forwarded-For": "192.0.2.1"}, trust_env=False).status_code == 404


def test_off_means_that_nothing_is_there(api: Api, stack: Stack) -> None:
    for service in SERVICES:
        assert httpx.get(f"{stack.service_url(service)}/internal/metrics", trust_env=False).status_code == 404
    assert httpx.get(f"http://127.0.0.1:{stack.ports['gateway_ping']}/metrics", trust_env=False).status_code == 404
    assert api.get("ping/").status_code == 200
