"""OpenTelemetry: one trace from the gateway to the consumer of an event, and no secret in any span."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from notechondria_contracts.events import event
from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.collector import Collector, Span
from tests.support.mcp import call_tool
from tests.support.observed import live
from tests.support.ready_data import own_stack

SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


@dataclass(frozen=True)
class Traced:
    """A stack whose traces are collected; the user's secrets must not be in them."""

    api: Api
    collector: Collector
    user: User
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def traced() -> Iterator[Traced]:
    collector = Collector()
    environment = {
        "AUTH_RATE_PER_MINUTE": "0",
        "ACCOUNT_RATE_PER_MINUTE": "0",
        "CONSUMER_BACKOFF_SECONDS": "0.1",
        "CALENDAR_FEED_ALLOW_HOSTS": "127.0.0.1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    try:
        with own_stack(environment) as stack, Api(stack) as api:
            user, key, token = live(api)
            yield Traced(api, collector, user, (user.token, key, token, PASSWORD, stack.plan.credentials.keys["notes"]))
    finally:
        collector.close()


def trace_of(traced: Traced, route: str, *services: str) -> list[Span]:
    """The newest trace that began with a request to `route`, once spans of all `services` have come."""

    def whole() -> list[Span]:
        spans = traced.collector.spans
        for root in reversed([span for span in spans if span.attributes.get("http.route") == route]):
            found = [span for span in spans if span.trace == root.trace]
            if set(services) <= {span.service for span in found}:
                return found
        return []

    found: list[Span] = eventually(whole, 20, what=f"a trace of {route} with {services}")
    return found


def ancestors(span: Span, spans: list[Span]) -> list[Span]:
    """The spans above one, its parent first."""
    known = {one.id: one for one in spans}
    found = []
    while span.parent:
        span = known[span.parent]
        found.append(span)
    return found


def one(spans: list[Span], service: str, name: str) -> Span:
    found = [span for span in spans if span.service == service and span.name == name]
    assert found, f"{name} of {service} is not among {[(span.service, span.name) for span in spans]}"
    return found[0]


def test_a_created_note_is_one_trace_from_the_gateway_to_the_planner(traced: Traced) -> None:
    made = traced.user.post("notes/", {"title": "Traced", "content": "text"})
    assert made.status_code == 201

    def complete() -> list[Span]:
        found = trace_of(traced, "/api/v1/notes/", "gateway", "notes", "planner")
        names = {span.name for span in found}
        return found if {"send notes.note.created", "process notes.note.created"} <= names else []

    spans = eventually(complete, 20)
    request = one(spans, "notes", "POST /api/v1/notes/")
    above = ancestors(request, spans)
    assert {span.service for span in above} == {"gateway"}
    assert above[-1].parent == ""  # the trace begins at the gateway
    # SQL of the request, the event's own row among it: one statement writes both.
    statements = {
        span.attributes["db.statement"]
        for span in spans
        if span.service == "notes" and "db.statement" in span.attributes
    }
    assert any("INSERT INTO notes.notes" in statement for statement in statements)
    assert any("notes.outbox" in statement for statement in statements)
    insert = next(span for span in spans if "INSERT INTO notes.notes" in span.attributes.get("db.statement", ""))
    assert request in ancestors(insert, spans)
    # Through the outbox and the bus to the other service, and its SQL.
    sent = one(spans, "notes", "send notes.note.created")
    received = one(spans, "planner", "process notes.note.created")
    assert (sent.kind, received.kind) == (PRODUCER, CONSUMER)
    assert request in ancestors(sent, spans)
    assert request in ancestors(received, spans)
    kept = next(
        span
        for span in spans
        if span.service == "planner" and "INTO planner.note_refs" in span.attributes.get("db.statement", "")
    )
    assert received in ancestors(kept, spans)


def test_reads_and_calls_between_services_are_in_the_trace(traced: Traced) -> None:
    fresh = traced.api.register()
    assert fresh.get("planner-events/").status_code == 200
    spans = trace_of(traced, "/api/v1/planner-events/", "gateway", "planner", "identity")
    asked = one(spans, "identity", "POST /internal/introspect")
    call = next(span for span in ancestors(asked, spans) if span.service == "planner" and span.kind == CLIENT)
    assert one(spans, "planner", "GET /api/v1/planner-events/") in ancestors(call, spans)
    reads = [span for span in spans if span.service == "planner" and "db.statement" in span.attributes]
    assert any(span.attributes["db.statement"].startswith("SELECT planner.") for span in reads)


def test_a_tool_of_an_agent_leads_on_into_the_services(traced: Traced) -> None:
    key = traced.user.rotate_key()
    call_tool(traced.api, key, "list_notes")
    spans = trace_of(traced, "/mcp/", "gateway", "mcp", "notes", "identity")
    assert one(spans, "mcp", "POST /mcp/") in ancestors(one(spans, "notes", "GET /api/v1/notes/"), spans)


def test_no_secret_is_in_any_span(traced: Traced) -> None:
    api, user = traced.api, traced.user
    code = "4711-of-nobody"
    api.get("/api/v1/auth/callback/google/", params={"code": code, "state": "x"})
    api.get(f"/api/v1/auth/google/callback/?code={code}&token={user.token}")
    api.post("auth/login/", {"email": user.email, "password": PASSWORD})
    api.get(f"//calendar/{traced.secrets[2]}.ics")
    assert user.get("notes/", params={"q": "words"}).status_code == 200
    # An error whose text quotes what was sent.
    taken = api.post("auth/register/", {"username": user.username, "email": user.email, "password": PASSWORD})
    assert taken.status_code == 400
    user.get("courses/")
    trace_of(traced, "/api/v1/courses/", "gateway", "notes")  # what came before has been sent by now
    spans = traced.collector.spans
    assert len(spans) > 100
    assert {"gateway", "identity", "notes", "planner", "mcp"} <= {span.service for span in spans}
    for secret in (*traced.secrets, code, user.email):
        assert not [span.text for span in spans if secret in span.text]
    masked = [span for span in spans if span.attributes.get("url.path", "").startswith("/calendar/")]
    assert {span.attributes["url.path"] for span in masked} == {"/calendar/***"}


def test_machines_and_pollers_make_no_traces(traced: Traced) -> None:
    spans = traced.collector.spans
    assert not [span for span in spans if "/internal/health" in span.text]
    roots = [span for span in spans if not span.parent and span.service != "gateway"]
    assert not [span for span in roots if "db.statement" in span.attributes]


def envelope_of_creation(stack: Stack, note_id: int) -> dict[str, Any]:
    """The event that a note was made; others are made meanwhile, for an account that is new."""
    query = "SELECT envelope FROM notes.outbox WHERE subject = 'notes.note.created' AND envelope->>'subject' = %s"
    with psycopg.connect(stack.admin_database_url) as connection:
        row = connection.execute(query, (f"notes/{note_id}",)).fetchone()
    assert row is not None
    envelope: dict[str, Any] = row[0]
    return envelope


def test_the_envelope_carries_the_trace_and_a_strangers_word_is_not_believed_blindly(traced: Traced) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    made = traced.user.post("notes/", {"title": "Continued", "content": ""}, headers=headers)
    assert made.status_code == 201
    envelope = envelope_of_creation(traced.api.stack, made.json()["id"])
    # Whoever calls may bring a trace of their own, as W3C has it.
    assert envelope["traceparent"].startswith(f"00-{trace}-")
    assert event.Envelope.model_validate(envelope).traceparent == envelope["traceparent"]
    for nonsense in ("00-zz", "x" * 5000, "00-" + "0" * 32 + "-" + "0" * 16 + "-01"):
        answer = httpx.get(
            traced.api.url("notes/"), headers={"traceparent": nonsense, "tracestate": nonsense}, trust_env=False
        )
        assert answer.status_code == 200


def test_without_a_collector_events_carry_no_trace(api: Api, stack: Stack) -> None:
    user = api.register()
    made = user.post("notes/", {"title": "Untraced", "content": ""})
    assert made.status_code == 201
    assert "traceparent" not in envelope_of_creation(stack, made.json()["id"])


def test_a_collector_that_is_away_costs_nobody_anything(traced: Traced) -> None:
    traced.collector.close()
    for _ in range(5):
        assert traced.user.get("notes/").status_code == 200


def test_lines_of_the_gateway_and_of_the_service_name_the_trace(traced: Traced) -> None:
    assert traced.user.get("courses/").status_code == 200
    (trace, *_) = {span.trace for span in trace_of(traced, "/api/v1/courses/", "gateway", "notes")}
    stack = traced.api.stack
    eventually(lambda: f"trace={trace}]" in stack.log("notes").read_text(), what="the service's line")
    lines = [json.loads(line) for line in stack.layout.access_log.read_text().splitlines() if trace in line]
    assert [line["RequestPath"] for line in lines] == ["/api/v1/courses/"]
    assert lines[0]["TraceId"] == trace
