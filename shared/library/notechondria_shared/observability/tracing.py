"""OpenTelemetry traces of a service, when `OTEL_EXPORTER_OTLP_ENDPOINT` is set: requests (FastAPI's own), SQL, calls
between services, events. Imported only then. Exported as OTLP over HTTP; the SDK's `OTEL_*` variables hold too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, StatusCode, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from notechondria_shared.auth.state import state_of
from notechondria_shared.core import trace_context
from notechondria_shared.core.replica import replica_name
from notechondria_shared.core.version import product_version
from notechondria_shared.observability.clean_spans import CleanExporter
from notechondria_shared.web.app_state import AppState

SEND_SECONDS = 3.0
"""For one batch; also what a collector that is away costs a stop at most, a few times over."""
_W3C = TraceContextTextMapPropagator()


class _Roots(Sampler):
    """A trace begins with a request or an event. Statements outside of one are the pollers', every second."""

    def __init__(self, share: float) -> None:
        self._share = TraceIdRatioBased(share)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if kind is SpanKind.CLIENT:
            return SamplingResult(Decision.DROP)
        return self._share.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"Roots{{{self._share.get_description()}}}"


class _EventTraces:
    """Traces of events: published in one process, handled in another."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("notechondria.events", product_version())

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get("traceparent")

    @contextmanager
    def sending(self, subject: str, event_id: str, traceparent: str | None) -> Iterator[None]:
        # Events that nobody's trace led to are sent without one, as they were before there were traces.
        if traceparent is None:
            yield
            return
        with self._span("send", subject, event_id, traceparent, SpanKind.PRODUCER):
            yield

    @contextmanager
    def handling(self, subject: str, event_id: str, traceparent: str | None) -> Iterator[None]:
        with self._span("process", subject, event_id, traceparent, SpanKind.CONSUMER):
            yield

    @contextmanager
    def _span(self, what: str, subject: str, event_id: str, traceparent: str | None, kind: SpanKind) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            f"{what} {subject}",
            context=_W3C.extract({"traceparent": traceparent} if traceparent else {}, Context()),
            kind=kind,
            attributes={
                "messaging.system": "nats",
                "messaging.operation.type": what,
                "messaging.destination.name": subject,
                "messaging.message.id": event_id,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(StatusCode.ERROR)
                raise


def install(app: FastAPI) -> None:
    """Make traces in this process, before its first connection to the database is opened."""
    state = state_of(app, AppState)
    settings = state.settings
    resource = Resource.create(
        {
            "service.namespace": "notechondria",
            "service.name": settings.service,
            "service.version": product_version(),
            "service.instance.id": f"{replica_name()}-{os.getpid()}",
        }
    )
    provider = TracerProvider(resource=resource, sampler=ParentBased(_Roots(settings.otel_traces_sampler_arg)))
    timeout = None if "OTEL_EXPORTER_OTLP_TIMEOUT" in os.environ else SEND_SECONDS
    provider.add_span_processor(BatchSpanProcessor(CleanExporter(OTLPSpanExporter(timeout=timeout))))
    trace.set_tracer_provider(provider)
    PsycopgInstrumentor().instrument(tracer_provider=provider, capture_parameters=False)
    for client in (state.internal_http, state.user_http):
        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=provider)
    trace_context.install(_EventTraces(provider))
