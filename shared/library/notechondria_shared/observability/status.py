"""What a service says of itself at `/internal/status`, for `GET /api/v1/status/` and `notechondria doctor`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from fastapi import Depends, Request

from notechondria_contracts.internal.status import (
    STATUS_PATH,
    ConsumerStatus,
    InstanceStatus,
    MigrationStatus,
    OutboxStatus,
    ServiceStatus,
)
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.core.version import product_version
from notechondria_shared.db.migrations import head
from notechondria_shared.db.replica import Replica
from notechondria_shared.messaging.event_lag import PATIENCE_SECONDS
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.router import Router
from notechondria_shared.web.state import ServiceState

router = Router(include_in_schema=False, dependencies=[Depends(CalledBy("operator", "web"))])


@router.get(STATUS_PATH)
async def status(request: Request) -> ServiceStatus:
    """How this service is, within a good second."""
    return await service_status(state_of(request.app, ServiceState))


async def service_status(state: ServiceState[ServiceSettings]) -> ServiceStatus:
    """Ask database and bus at the same time."""
    storage = asyncio.create_task(_storage(state))
    revision, instances, stored, consumers, bus_problems, newest = await asyncio.gather(
        _revision(state),
        _instances(state),
        state.event_lag.stored(),
        state.event_lag.consumers(),
        state.event_lag.bus_problems(),
        asyncio.to_thread(head, state.migrations),
    )
    status = ServiceStatus(
        name=state.settings.service,
        version=product_version(),
        database=stored is not None or revision is not None,
        bus=state.bus.connected,
        migrations=MigrationStatus(
            revision=revision, head=newest, current=None if revision is None else revision == newest
        ),
    )
    if instances is not None:
        status.instances = [InstanceStatus(**asdict(one)) for one in instances]
        status.replicas = len(instances)
    if stored is not None:
        status.outbox = OutboxStatus(unsent=stored.unsent, oldest_seconds=round(stored.oldest_seconds, 3))
        status.dead_letters = stored.dead_letters
    if consumers is not None:
        status.consumers = [ConsumerStatus(**asdict(one)) for one in consumers]
    status.bus_problems = bus_problems
    status.storage_bytes = await storage
    return status


async def _revision(state: ServiceState[ServiceSettings]) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await state.revision()
    except (Unavailable, TimeoutError):
        return None


async def _storage(state: ServiceState[ServiceSettings]) -> int | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await state.storage_bytes()
    except (Unavailable, TimeoutError):
        return None


async def _instances(state: ServiceState[ServiceSettings]) -> list[Replica] | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await state.replicas()
    except (Unavailable, TimeoutError):
        return None
