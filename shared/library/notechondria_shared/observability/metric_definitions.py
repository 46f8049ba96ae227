"""The metrics of every service. Imported only when metrics are on (`METRICS`): prometheus_client decides at its import
whether several worker processes share their numbers."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each that nobody looks at

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0)

REQUESTS = Counter(
    "notechondria_http_requests",
    "Requests answered, by template of the route.",
    ["service", "method", "route", "status"],
)
DURATION = Histogram(
    "notechondria_http_request_duration_seconds",
    "From the request's arrival to the end of its answer.",
    ["service", "method", "route"],
    buckets=SECONDS,
)
IN_FLIGHT = Gauge(
    "notechondria_http_requests_in_flight", "Requests being answered.", ["service"], multiprocess_mode="livesum"
)
POOL_SIZE = Gauge(
    "notechondria_database_pool_size",
    "Connections that a pool (read, write) may hold.",
    ["service", "pool"],
    multiprocess_mode="livesum",
)
POOL_USED = Gauge(
    "notechondria_database_pool_used", "Connections in use.", ["service", "pool"], multiprocess_mode="livesum"
)
POOL_WAITING = Gauge(
    "notechondria_database_pool_waiting",
    "Requests that wait for a connection.",
    ["service", "pool"],
    multiprocess_mode="livesum",
)
LOOKUPS = Counter(
    "notechondria_introspection_lookups", "Credentials looked up: from the cache (hit) or of identity (miss).",
    ["service", "result"],
)  # fmt: skip
