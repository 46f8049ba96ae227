"""Starting a service process in the order of ADR 0022: wait, check, migrate, bootstrap, serve."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from functools import partial
from socket import socket
from types import FrameType
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from notechondria_shared.core.forked import run_forked
from notechondria_shared.core.logs import configure_logging
from notechondria_shared.core.replica import become_replica
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.core.settings_problems import problems_of
from notechondria_shared.core.shutdown import ShutdownState
from notechondria_shared.core.start import CannotStart
from notechondria_shared.observability.shared_folder import shared_folder
from notechondria_shared.service.chassis import AppSpec
from notechondria_shared.service.protocol import TimedProtocol
from notechondria_shared.service.workers import Workers
from notechondria_shared.web.capacity import CONNECTIONS_AT_ONCE

logger = logging.getLogger("notechondria.start")
GRACE_SECONDS = 12
"""Seconds for running requests after SIGTERM; with the outbox flush the process leaves within 20 s."""


SettingsT = TypeVar("SettingsT", bound=CoreSettings)
SpecT = TypeVar("SpecT", bound=AppSpec)


def load_settings(model: type[SettingsT]) -> SettingsT:
    """Settings from the environment; a clear list of what is wrong instead of a traceback."""
    try:
        return model()
    except ValidationError as error:
        lines = [f"  {name}: {text}" for name, text in problems_of(error)]
        sys.exit("Cannot start, the environment is not complete:\n" + "\n".join(lines))


def run(
    settings: SettingsT,
    spec: AppSpec,
    create_app: Callable[[SettingsT], FastAPI],
    bootstrap: Callable[[SettingsT], Awaitable[None]] | None = None,
    commands: Mapping[str, Callable[[SettingsT], int]] | None = None,
) -> int:
    """Run a service until SIGTERM; the exit code.

    With the argument `prepare` it does all that comes before serving, and ends: for a job that migrates ahead of a
    rolling update. An argument that names one of `commands` runs that instead; it returns the exit code.
    """
    if command := (commands or {}).get("".join(sys.argv[1:2])):
        return command(settings)
    configure_logging(settings)
    become_replica()
    # In a fork: Alembic and what a migration took would stay in memory as long as the service runs.
    code = run_forked(partial(_prepared, settings, spec, bootstrap))
    if code or sys.argv[1:] == ["prepare"]:
        return code
    logger.info("serving %s on %s:%d", settings.service, settings.host, settings.port)
    # With the settings that are read already: to read a hundred names once more takes a tenth of a start.
    config = uvicorn.Config(partial(create_app, settings), factory=True, **serving(settings))
    if settings.web_concurrency > 1:
        with shared_folder() if settings.metrics else nullcontext():
            return _run_workers(settings, create_app, config)
    return _serve(settings, config)


def _serve(settings: CoreSettings, config: uvicorn.Config, sockets: list[socket] | None = None) -> int:
    """Serve with this process; the exit code."""
    server = DrainingServer(config, settings.drain_seconds)
    server.run(sockets)
    return 0 if server.started else 3


def _run_workers(settings: SettingsT, create_app: Callable[[SettingsT], FastAPI], config: uvicorn.Config) -> int:
    """Serve with several processes on one socket; the exit code."""
    if sys.platform != "linux":  # interpreters of their own, which read the environment themselves
        path = f"{create_app.__module__}:{create_app.__qualname__}"
        uvicorn.run(path, factory=True, workers=settings.web_concurrency, **serving(settings))
        return 0
    sockets = [config.bind_socket()]
    return Workers(settings.web_concurrency, partial(_serve, settings, config, sockets)).run()


def _prepared(settings: SettingsT, spec: AppSpec, bootstrap: Callable[[SettingsT], Awaitable[None]] | None) -> int:
    """Do what comes before serving; the exit code."""
    try:
        asyncio.run(prepare(settings, spec, bootstrap))
    except CannotStart as problem:
        logger.critical("%s", problem)
        return 3
    return 0


class DrainingServer(uvicorn.Server):
    """A server that, asked to stop, goes on for some seconds while its health says that it leaves.

    So a replica can be stopped without a request being lost: the gateway has taken it out before it closes its port.
    """

    def __init__(self, config: uvicorn.Config, seconds: float) -> None:
        super().__init__(config)
        self._seconds = seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain at the first signal, stop after that or at the second one."""
        if ShutdownState.started or not self._seconds or not self.started:
            super().handle_exit(sig, frame)
            return
        ShutdownState.started = True
        logger.info("leaving in %.0f s, the gateway sends nothing new", self._seconds)
        timer = threading.Timer(self._seconds, super().handle_exit, (sig, None))
        timer.daemon = True
        timer.start()


def serving(settings: CoreSettings) -> dict[str, Any]:
    """How a service is served: arguments of `uvicorn.run` and of `uvicorn.Config`."""
    return {
        "host": settings.host,
        "port": settings.port,
        "loop": "uvloop",
        "http": TimedProtocol,
        "ws": "none",  # nothing here speaks it, and its library would be loaded all the same
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": True,
        # The gateway is the only peer; it replaces X-Forwarded-* of clients, so what arrives here is its word.
        "proxy_headers": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "timeout_keep_alive": 75,
        "limit_concurrency": CONNECTIONS_AT_ONCE,
        "backlog": 512,
        "h11_max_incomplete_event_size": 64 * 1024,
    }


async def prepare(
    settings: SettingsT, spec: AppSpec, bootstrap: Callable[[SettingsT], Awaitable[None]] | None = None
) -> None:
    """Do what comes before serving, each step logged in one line (ADR 0022)."""
    await spec.prepare(settings)
    if bootstrap:
        await bootstrap(settings)
        logger.info("bootstrap is done")


def configured_app(make: Callable[[SettingsT, SpecT], FastAPI], settings: SettingsT, spec: SpecT) -> FastAPI:
    """For worker processes: logging as in the parent, then the application."""
    configure_logging(settings)
    return make(settings, spec)
