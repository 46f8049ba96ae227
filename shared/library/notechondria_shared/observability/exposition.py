"""Prometheus metrics of a service at `/internal/metrics` (docs/operations.md), when `METRICS` is on.

With several worker processes (`WEB_CONCURRENCY`) each keeps its numbers in files of a folder of their own
(prometheus_client's multiprocess mode), and whichever is asked answers for all.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.types import ASGIApp

from notechondria_shared.auth.credentials import Credential
from notechondria_shared.auth.introspection import RESTART_SECONDS, HttpIntrospector, Introspection
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.background import Background
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.observability import metric_definitions as meters
from notechondria_shared.observability.request_metrics import RequestMetrics
from notechondria_shared.observability.shared_folder import FOLDER
from notechondria_shared.web.app_state import AppState
from notechondria_shared.web.internal import not_through_a_gateway
from notechondria_shared.web.router import Router, include

if TYPE_CHECKING:
    # A service without a schema does not load what asks for it.
    from notechondria_shared.messaging.event_lag import ConsumerLag, StoredLag

SAMPLE_SECONDS = 2.0
_LIVE_FILE = re.compile(r"gauge_live\w+_(\d+)\.db")

Sample = Callable[[], None]
router = Router(include_in_schema=False, dependencies=[Depends(not_through_a_gateway)])


class CountedIntrospector:
    """Counts how often the cache knew the answer."""

    def __init__(self, asked: HttpIntrospector, service: str) -> None:
        self._asked = asked
        self._hit, self._miss = (meters.LOOKUPS.labels(service, result) for result in ("hit", "miss"))

    async def introspect(self, credential: Credential, *, patience: float = RESTART_SECONDS) -> Introspection:
        """The answer for a credential, as without counting."""
        (self._hit if self._asked.cached(credential) else self._miss).inc()
        return await self._asked.introspect(credential, patience=patience)


class Sampler(Background):
    """Sets the gauges of this process every two seconds: its pools, and what the service itself adds."""

    task_name = "metrics.sample"

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    async def _run(self) -> None:
        while True:
            _sample(self._samples)
            await asyncio.sleep(SAMPLE_SECONDS)


def _sample(samples: Sequence[Sample]) -> None:
    for sample in samples:
        sample()


class _Lag(Collector):
    """What database and bus said at this scrape; what they did not say is left out."""

    def __init__(
        self, service: str, stored: StoredLag | None, consumers: list[ConsumerLag] | None, *, bus: bool
    ) -> None:
        self._service, self._stored, self._consumers, self._bus = service, stored, consumers, bus

    def collect(self) -> Iterator[Metric]:
        """The metrics; every replica says the same of the lag, so take the maximum over them."""
        yield self._one("notechondria_database_up", "1 while the database answers.", self._stored is not None)
        yield self._one("notechondria_bus_up", "1 while the bus is connected.", self._bus)
        if self._stored is not None:
            lag = self._stored
            yield self._one("notechondria_outbox_unsent", "Events that wait to be sent.", lag.unsent)
            yield self._one(
                "notechondria_outbox_oldest_seconds", "Age of the oldest event that waits; 0 when none does.",
                lag.oldest_seconds,
            )  # fmt: skip
            yield self._one("notechondria_dead_letters", "Events that failed for good, not replayed.", lag.dead_letters)
        for name, text in (
            ("pending", "Events that the consumer has not taken yet."),
            ("ack_pending", "Events taken and not done yet."),
            ("redelivered", "Events in work that were given more than once."),
        ):
            family = GaugeMetricFamily(f"notechondria_consumer_{name}", text, labels=["service", "stream"])
            for consumer in self._consumers or ():
                family.add_metric([self._service, consumer.stream], getattr(consumer, name))
            yield family

    def _one(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["service"])
        family.add_metric([self._service], float(value))
        return family


def install(app: FastAPI) -> None:
    """Wrap what is counted and add the endpoint; the lifespan starts and stops the sampler of the state."""
    state = state_of(app, AppState)
    service = state.settings.service
    include(app.router, router)
    if isinstance(state.introspector, HttpIntrospector):
        state.introspector = CountedIntrospector(state.introspector, service)

    def layer(inner: ASGIApp) -> ASGIApp:
        return RequestMetrics(inner, service)

    app.add_middleware(layer)
    state.samples.append(lambda: _pools(state, service))
    state.sampler = Sampler(state.samples)


def _pools(state: AppState[CoreSettings], service: str) -> None:
    for name, use in state.pools().items():
        meters.POOL_SIZE.labels(service, name).set(use.size)
        meters.POOL_USED.labels(service, name).set(use.used)
        meters.POOL_WAITING.labels(service, name).set(use.waiting)


@router.get("/internal/metrics")
async def metrics(request: Request) -> Response:
    """Everything, in Prometheus' text format."""
    state = state_of(request.app, AppState)
    _sample(state.samples)
    text = generate_latest(_shared_registry() or REGISTRY)
    lag = state.lag()
    if lag is None:
        return Response(text, media_type=CONTENT_TYPE_LATEST)
    stored, consumers = await asyncio.gather(lag.stored(), lag.consumers())
    registry = CollectorRegistry()
    registry.register(_Lag(state.settings.service, stored, consumers, bus=lag.bus_connected))
    return Response(text + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _shared_registry() -> CollectorRegistry | None:
    """The numbers of all worker processes; None when there is only this one."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    for file in Path(folder).iterdir():
        # What a worker that died was doing is over; what it had counted stays.
        if (match := _LIVE_FILE.fullmatch(file.name)) and _gone(int(match[1])):
            mark_process_dead(int(match[1]))  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
