"""Pieces of observability that need no stack: clean spans, names of routes and replicas, findings."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from notechondria_contracts.internal.status import (
    ConsumerStatus,
    InstanceStatus,
    MigrationStatus,
    OutboxStatus,
    ServiceStatus,
)
from notechondria_shared.core import trace_context
from notechondria_shared.core.replica import VARIABLE, become_replica
from notechondria_shared.db import replica
from notechondria_shared.observability.clean_spans import CleanExporter
from notechondria_shared.observability.diagnosis import findings
from notechondria_shared.observability.route_template import PREFLIGHT, UNMATCHED, method_of, route_template


def exported(attributes: dict[str, str], error: Exception | None = None) -> ReadableSpan:
    """A span as it leaves the stack."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(CleanExporter(kept)))
    with provider.get_tracer("test").start_as_current_span("it", kind=SpanKind.CLIENT, attributes=attributes) as span:
        if error:
            span.record_exception(error)
            span.set_status(StatusCode.ERROR, str(error))
    (found,) = kept.get_finished_spans()
    return found


@pytest.mark.parametrize(
    ("name", "given", "sent"),
    [
        ("url.path", "/calendar/abc.ics", "/calendar/***"),
        ("url.path", "//Calendar//abc", "//Calendar//***"),
        ("url.path", "/api/v1/notes/", "/api/v1/notes/"),
        ("url.query", "code=123&state=x&token=t", "code=***&state=x&token=***"),
        ("url.full", "http://u:p@host:80/calendar/abc?key=k&a=b#f", "http://host:80/calendar/***?key=***&a=b"),
        ("http.url", "http://host/internal/introspect", "http://host/internal/introspect"),
        ("http.target", "/calendar/abc?password=p", "/calendar/***?password=***"),
        ("db.statement", "SELECT 1", "SELECT 1"),
    ],
)
def test_paths_and_queries_leave_masked(name: str, given: str, sent: str) -> None:
    assert dict(exported({name: given}).attributes or {}) == {name: sent}


def test_errors_leave_without_their_text() -> None:
    span = exported({}, ValueError("Key (email)=(mira@example.org) already exists."))
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    (event,) = span.events
    assert dict(event.attributes or {}) == {"exception.type": "ValueError", "exception.escaped": "False"}
    assert "mira" not in span.to_json()


def test_routes_and_methods_are_few() -> None:
    assert route_template({"method": "GET", "path": "/x"}) == UNMATCHED
    assert route_template({"method": "OPTIONS", "path": "/x"}) == PREFLIGHT
    assert method_of({"method": "PATCH"}) == "PATCH"
    assert method_of({"method": "X" * 500}) == "OTHER"


def test_a_connection_is_named_after_its_replica(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    become_replica()
    first = replica.connection_name("notes")
    assert first == replica.connection_name("notes")  # also in worker processes, which inherit the variable
    become_replica()
    assert replica.connection_name("notes") != first
    monkeypatch.setattr(replica, "product_version", lambda: "1" * 100)
    assert len(replica.connection_name("identity")) == 63  # what Postgres keeps


def test_without_traces_events_carry_none() -> None:
    traces = trace_context.traces()
    assert traces.traceparent() is None
    with traces.handling("notes.note.created", "1", None), traces.sending("notes.note.created", "1", None):
        assert traces.traceparent() is None


WELL = ServiceStatus(
    name="notes",
    version="1.0.0",
    replicas=1,
    instances=[InstanceStatus(id="a", version="1.0.0", processes=1)],
    database=True,
    bus=True,
    migrations=MigrationStatus(revision="1", head="1", current=True),
    outbox=OutboxStatus(unsent=3, oldest_seconds=0.2),
    consumers=[ConsumerStatus(stream="IDENTITY", pending=10, ack_pending=1, redelivered=1)],
    dead_letters=0,
)


@pytest.mark.parametrize(
    ("change", "part", "says"),
    [
        ({}, "", ""),
        ({"reachable": False}, "notes", "does not answer"),
        ({"database": False}, "notes", "cannot reach its database"),
        ({"bus": False}, "notes", "not connected to the bus"),
        ({"migrations": MigrationStatus(revision="1", head="2", current=False)}, "notes", "is at 1, its files at 2"),
        ({"outbox": OutboxStatus(unsent=3, oldest_seconds=61)}, "notes", "3 events of notes wait to be sent"),
        (
            {"consumers": [ConsumerStatus(stream="IDENTITY", pending=1001, ack_pending=0, redelivered=0)]},
            "notes",
            "1001 events of IDENTITY behind",
        ),
        ({"dead_letters": 2}, "notes", "2 dead letters"),
        ({"instances": [InstanceStatus(id="b", version="2.0.0", processes=1)]}, "versions", "1.0.0, 2.0.0"),
    ],
)
def test_what_is_wrong_is_said_once_with_advice(change: dict[str, object], part: str, says: str) -> None:
    found = findings([WELL.model_copy(update=change)])
    assert [one.part for one in found] == ([part] if part else [])
    assert all(says in one.problem and one.advice for one in found)
