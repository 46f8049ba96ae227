"""The trace that the work in hand belongs to, as far as events carry it along (CloudEvents, distributed tracing).

Without a collector there are no traces: nothing is imported, and these functions do nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Traces(Protocol):
    """What traces are made with."""

    def traceparent(self) -> str | None:
        """The W3C trace context of the work in hand; None outside of a trace."""
        ...

    def sending(self, subject: str, event_id: str, traceparent: str | None) -> AbstractContextManager[None]:
        """While an event is given to the bus."""
        ...

    def handling(self, subject: str, event_id: str, traceparent: str | None) -> AbstractContextManager[None]:
        """While an event is applied: the trace of the request that published it goes on."""
        ...


class _NoTraces:
    def traceparent(self) -> str | None:
        return None

    def sending(self, subject: str, event_id: str, traceparent: str | None) -> AbstractContextManager[None]:
        return nullcontext()

    handling = sending


_traces: Traces = _NoTraces()


def install(traces: Traces) -> None:
    """Make traces from now on, in this process."""
    global _traces  # noqa: PLW0603 - one per process, as the tracer provider is
    _traces = traces


def are_made() -> bool:
    """True where traces are made in this process."""
    return not isinstance(_traces, _NoTraces)


def trace_id() -> str:
    """The trace that the work in hand belongs to, 32 hexadecimal digits; "" outside of one."""
    parts = (_traces.traceparent() or "").split("-")
    return parts[1] if len(parts) == 4 else ""


def traces() -> Traces:
    """What traces are made with in this process."""
    return _traces
