"""All services in one process, for hosts with little memory: ``python -m notechondria_launcher.single_process``.

They share the interpreter, the libraries and one event loop, and nothing else: each has its own port, database role,
user of the bus and pools, as if it ran by itself. It costs what keeps them apart: they share one processor core, and
one that falls takes the others along.
"""

import asyncio
import importlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
import uvicorn
import uvloop
from fastapi import FastAPI

from notechondria_launcher.services import OWN_ENVIRONMENTS
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.forked import run_forked
from notechondria_shared.core.logs import serving_service
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.core.start import CannotStart
from notechondria_shared.service.chassis import AppSpec
from notechondria_shared.service.runner import prepare, serving
from notechondria_shared.web.app_state import AppState


class Server(uvicorn.Server):
    """A server that leaves the signals of the process to us."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture nothing."""
        yield


@dataclass(frozen=True)
class _Service:
    """A service that is loaded, with what comes before it serves."""

    name: str
    app: FastAPI
    settings: CoreSettings
    spec: AppSpec
    bootstrap: Callable[[CoreSettings], Awaitable[None]] | None


def _load(name: str, environment: dict[str, str]) -> _Service:
    """Make a service under the environment that is its own."""
    serving_service.set(name)
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        module = importlib.import_module(f"{name}_service.app")
        app = module.create_app()
    finally:
        os.environ.clear()
        os.environ.update(before)
    bootstrap = None
    if importlib.util.find_spec(f"{name}_service.bootstrap"):
        bootstrap = importlib.import_module(f"{name}_service.bootstrap").bootstrap
    return _Service(name, app, state_of(app, AppState).settings, module.SPEC, bootstrap)


def _prepared(services: Sequence[_Service]) -> int:
    """Do what comes before serving; the exit code."""

    async def each() -> None:
        for service in services:
            serving_service.set(service.name)
            await prepare(service.settings, service.spec, service.bootstrap)

    try:
        asyncio.run(each())
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 3
    return 0


async def _serve(services: Sequence[_Service]) -> None:
    servers = [Server(uvicorn.Config(service.app, **serving(service.settings))) for service in services]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    running = []
    for service, server in zip(services, servers, strict=True):
        # A task keeps a copy of the context, and so does every request and job that it begins.
        serving_service.set(service.name)
        running.append(asyncio.create_task(server.serve()))
    # One that ends by itself takes all down; whoever runs us starts us again.
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    stop()
    await asyncio.gather(*running)


def main() -> int:
    """Run until SIGTERM; the exit code."""
    environments = json.loads(os.environ.pop(OWN_ENVIRONMENTS))
    services = [_load(name, environment) for name, environment in environments.items()]
    # In a fork: Alembic and what a migration took would stay in memory as long as the services run.
    if code := run_forked(partial(_prepared, services)):
        return code
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(services))
    return 0


if __name__ == "__main__":
    sys.exit(main())
