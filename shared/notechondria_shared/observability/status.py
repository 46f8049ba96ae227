"""What a service says of itself at `/internal/status`, for `GET /api/v1/status/` and `notechondria doctor`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request

from notechondria_shared.database.migrations import head
from notechondria_shared.errors import Unavailable
from notechondria_shared.http.internal import require_internal
from notechondria_shared.observability.event_lag import PATIENCE_SECONDS
from notechondria_shared.observability.replica import Replica, alive
from notechondria_shared.version import product_version

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_internal)])


@router.get("/internal/status")
async def status(request: Request) -> dict[str, Any]:
    """How this service is; what cannot be asked is null. Answered within a good second."""
    return await service_status(request.app)


async def service_status(app: FastAPI) -> dict[str, Any]:
    """`name, version, replicas, instances, database, bus, migrations, outbox, consumers, dead_letters`."""
    state = app.state
    revision, instances, stored, consumers, newest = await asyncio.gather(
        _revision(app),
        _instances(app),
        state.event_lag.stored(),
        state.event_lag.consumers(),
        asyncio.to_thread(head, state.migrations_folder),
    )
    return {
        "name": state.settings.service,
        "version": product_version(),
        "replicas": None if instances is None else len(instances),
        "instances": None if instances is None else [asdict(one) for one in instances],
        "database": stored is not None,
        "bus": state.bus.connected,
        "migrations": {
            "revision": revision,
            "head": newest,
            "current": None if revision is None else revision == newest,
        },
        "outbox": None
        if stored is None
        else {"unsent": stored.unsent, "oldest_seconds": round(stored.oldest_seconds, 3)},
        "consumers": None if consumers is None else [asdict(one) for one in consumers],
        "dead_letters": None if stored is None else stored.dead_letters,
    }


async def _revision(app: FastAPI) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            found: str | None = await app.state.database.reader.value(app.state.revision_query)
    except (Unavailable, TimeoutError):
        return None
    return found


async def _instances(app: FastAPI) -> list[Replica] | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await alive(app.state.database.reader, app.state.replicas_query)
    except (Unavailable, TimeoutError):
        return None
