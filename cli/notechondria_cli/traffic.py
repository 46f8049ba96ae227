"""What the access log says of each route: rate, share of errors, percentiles of the time taken."""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notechondria_cli.access_log import Request

_MOST_KEPT = 200_000
_IDENTIFIER = re.compile(
    r"/(?:\d+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{16,})(?=/|$)", re.ASCII
)


def route_of(path: str) -> str:
    """Return a path with its ids replaced, so that one endpoint is one row; files count by their folder."""
    if path.startswith("/media/"):
        return "/media/..."
    return _IDENTIFIER.sub("/{id}", path)


@dataclass(frozen=True)
class RouteTraffic:
    """One row: times in milliseconds, ``rate`` in requests a second, ``errors`` as a share of 5xx answers."""

    service: str
    method: str
    route: str
    count: int
    rate: float
    errors: float
    refused: float
    p50: float
    p95: float
    p99: float


class Traffic:
    """The requests of the last so many seconds."""

    def __init__(self, window_seconds: float) -> None:
        self._window = timedelta(seconds=window_seconds)
        self._requests: deque[Request] = deque(maxlen=_MOST_KEPT)

    def add(self, requests: Iterable[Request]) -> None:
        """Take further requests."""
        self._requests.extend(requests)

    def rows(self, at: datetime) -> list[RouteTraffic]:
        """Return the traffic of the window that ends at a time, the busiest route first."""
        while self._requests and self._requests[0].at < at - self._window:
            self._requests.popleft()
        groups: dict[tuple[str, str, str], list[Request]] = {}
        for request in self._requests:
            if at - self._window <= request.at <= at:
                groups.setdefault((request.service, request.method, route_of(request.path)), []).append(request)
        rows = [_row(key, requests, self._window.total_seconds()) for key, requests in groups.items()]
        return sorted(rows, key=lambda row: (-row.count, row.service, row.route, row.method))


def _row(key: tuple[str, str, str], requests: Sequence[Request], seconds: float) -> RouteTraffic:
    times = sorted(request.duration_ms for request in requests)
    count = len(requests)
    return RouteTraffic(
        *key,
        count=count,
        rate=count / seconds,
        errors=sum(request.status >= 500 for request in requests) / count,
        refused=sum(400 <= request.status < 500 for request in requests) / count,
        p50=_percentile(times, 0.50),
        p95=_percentile(times, 0.95),
        p99=_percentile(times, 0.99),
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile."""
    return ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)]
