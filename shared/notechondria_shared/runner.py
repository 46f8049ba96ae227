"""Starting a service process in the order of architecture §6: wait, check, migrate, bootstrap, serve."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from notechondria_shared.app import ServiceSpec
from notechondria_shared.database.migrations import migrate
from notechondria_shared.database.wait import DatabaseUnavailable, wait_for_database
from notechondria_shared.logs import configure_logging
from notechondria_shared.observability.replica import become_replica
from notechondria_shared.observability.shared_folder import shared_folder
from notechondria_shared.settings import ServiceSettings

logger = logging.getLogger("notechondria.start")
GRACE_SECONDS = 12
"""Seconds for running requests after SIGTERM; with the outbox flush the process leaves within 20 s."""


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load_settings(model: type[SettingsT]) -> SettingsT:
    """Settings from the environment; a clear list of what is wrong instead of a traceback."""
    try:
        return model()
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, p['loc'])).upper() or 'environment'}: {p['msg']}" for p in error.errors()]
        sys.exit("Cannot start, the environment is not complete:\n" + "\n".join(lines))


def run(
    settings: ServiceSettings,
    spec: ServiceSpec,
    factory: str,
    bootstrap: Callable[[ServiceSettings], Awaitable[None]] | None = None,
) -> int:
    """Run a service until SIGTERM; the exit code. `factory` is the import path of its `create_app`."""
    configure_logging(settings)
    become_replica()
    try:
        asyncio.run(_prepare(settings, spec, bootstrap))
    except DatabaseUnavailable as problem:
        logger.critical("%s", problem)
        return 3
    logger.info("serving %s on %s:%d", settings.service, settings.host, settings.port)
    with _shared_metrics(settings):
        _serve(settings, factory)
    return 0


def _shared_metrics(settings: ServiceSettings) -> AbstractContextManager[None]:
    return shared_folder() if settings.metrics and settings.web_concurrency > 1 else nullcontext()


def _serve(settings: ServiceSettings, factory: str) -> None:
    uvicorn.run(
        factory,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency if settings.web_concurrency > 1 else None,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        # The gateway is the only peer; it replaces X-Forwarded-* of clients, so what arrives here is its word.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
        limit_concurrency=1000,
        backlog=512,
        h11_max_incomplete_event_size=64 * 1024,
    )


async def _prepare(
    settings: ServiceSettings, spec: ServiceSpec, bootstrap: Callable[[ServiceSettings], Awaitable[None]] | None
) -> None:
    await wait_for_database(settings.database_conninfo, settings.database_wait_seconds)
    await asyncio.to_thread(migrate, settings.database_conninfo, spec.tables.schema, spec.migrations)
    if bootstrap:
        await bootstrap(settings)


def configured_app(factory: Callable[[], FastAPI], settings: ServiceSettings) -> FastAPI:
    """For worker processes: logging as in the parent, then the application."""
    configure_logging(settings)
    return factory()
