"""What mcp counts beside what every service counts. Imported only when metrics are on."""

from __future__ import annotations

import time

from mcp_types import InputRequiredResult
from prometheus_client import Counter, Histogram
from pydantic import JsonValue

from mcp_service.tools.context import ToolCall
from mcp_service.tools.executor import ToolRunner
from mcp_service.tools.registry import ProductTool, ToolOutcome

CALLS = Counter(
    "notechondria_mcp_calls", "Calls of tools: ok, error, or question (the user is asked first).",
    ["service", "tool", "outcome"],
)  # fmt: skip
DURATION = Histogram(
    "notechondria_mcp_call_duration_seconds",
    "Of one call, with all that it asks of the other services.",
    ["service", "tool"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 18.0),
)


class CountedRunner:
    """Counts and times the tools of the product; a name that is no tool's is no label."""

    def __init__(self, inner: ToolRunner, service: str) -> None:
        self._inner, self._service = inner, service

    async def run(self, tool: ProductTool, arguments: dict[str, JsonValue], call: ToolCall) -> ToolOutcome:
        """The tool's result, as without counting."""
        began, outcome = time.perf_counter(), "error"
        try:
            result = await self._inner.run(tool, arguments, call)
            outcome = "question" if isinstance(result, InputRequiredResult) else "ok"
            return result
        finally:
            DURATION.labels(self._service, tool.name).observe(time.perf_counter() - began)
            CALLS.labels(self._service, tool.name, outcome).inc()
