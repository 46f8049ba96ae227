"""What leaves the stack in a span: no secret of a path or a query, no text of an error (it may quote values)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlunsplit

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes, AttributeValue

from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.web.access_log import mask_path, mask_query

_PATHS = frozenset({"url.path"})
_QUERIES = frozenset({"url.query"})
_ADDRESSES = frozenset({"url.full", "http.url", "http.target"})
_TEXTS = frozenset({"exception.message", "exception.stacktrace"})


def _masked(name: str, value: AttributeValue) -> AttributeValue:
    if not isinstance(value, str):
        return value
    if name in _PATHS:
        return mask_path(value)
    if name in _QUERIES:
        return mask_query(value)
    if name in _ADDRESSES:
        try:
            parts = urlsplit(value)
        except ValueError:
            return ""
        # Neither the user nor the password of an address.
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, mask_path(parts.path), mask_query(parts.query), ""))
    return value


def _clean(attributes: Attributes) -> dict[str, AttributeValue]:
    return {name: _masked(name, value) for name, value in (attributes or {}).items() if name not in _TEXTS}


def clean(span: ReadableSpan) -> ReadableSpan:
    """The span without secrets."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_clean(span.attributes),
        events=[Event(event.name, _clean(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


class CleanExporter(SpanExporter):
    """Hands clean spans to the exporter that sends them."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Clean and send."""
        return self._inner.export([clean(span) for span in spans])

    def shutdown(self) -> None:
        """Close the exporter."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._inner.force_flush(timeout_millis)
