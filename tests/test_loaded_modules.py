"""What a process loads: every module costs memory for as long as it runs, and time at each start."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from notechondria_cli.names import SERVICES, SERVICES_WITH_SCHEMA
from notechondria_shared.db.migrations import head
from tests.support.keys import KEY_SETTINGS

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    **KEY_SETTINGS,
    "DATABASE_URL": "postgresql://nobody@nowhere/nothing",
}


def loaded_by(program: str) -> set[str]:
    """The modules that a program has loaded when it ends; a name that was kept from being loaded is none."""
    program += "; import sys; print(*(name for name, module in sys.modules.items() if module))"
    return set(output_of(program).split())


def output_of(program: str) -> str:
    """What an interpreter of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


@dataclass(frozen=True)
class Made:
    """A service's application as a start makes it: the modules it loaded, its layers, and how it holds connections."""

    modules: set[str]
    layers: list[str]
    pool: str | None
    settings_stay: bool
    """Settings that it is passed are used as they are: to read them from the environment takes a tenth of a start."""


@cache
def made(service: str) -> Made:
    program = f"""
import {service}_service.__main__, json, sys, uvicorn
from notechondria_shared.service.runner import serving
settings = {service}_service.app.create_app().state.service.settings
app = {service}_service.app.create_app(settings)
uvicorn.Config(app, **serving(app.state.service.settings)).load()
database = getattr(app.state.service, "database", None)
print(json.dumps([
    [name for name, module in sys.modules.items() if module],
    [layer.cls.__name__ for layer in app.user_middleware],
    type(database._engine.pool).__name__ if database else None,
    app.state.service.settings is settings,
]))"""
    modules, layers, pool, settings_stay = json.loads(output_of(program))
    return Made(set(modules), layers, pool, settings_stay)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_loads_no_part_of_a_library_that_it_does_not_use(service: str) -> None:
    loaded = made(service).modules
    assert {"fastapi", "httpcore", "uvicorn.lifespan.on", f"{service}_service.app"} <= loaded
    assert not loaded & {"rich", "pygments", "trio", "pydantic.v1", "alembic", "mako", "websockets", "watchfiles"}
    # Of what only a few requests need.
    assert not loaded & {"brotli", "zstandard", "bs4", "markdownify", "nh3", "webauthn", "PIL", "icalendar"}
    assert ("aiohttp" in loaded) == (service == "mcp")
    assert made(service).settings_stay


@pytest.mark.parametrize("service", SERVICES)
def test_metrics_and_traces_that_are_off_load_and_wrap_nothing(service: str) -> None:
    off = re.compile(r"prometheus_client|opentelemetry\.(sdk|exporter|instrumentation|proto)|wrapt")
    assert [name for name in made(service).modules if off.match(name)] == []
    assert made(service).layers == ["<lambda>"]
    assert made(service).pool == ("WritePool" if service in SERVICES_WITH_SCHEMA else None)


def test_a_library_that_asks_for_another_one_does_without_it_for_a_while() -> None:
    program = "from notechondria_shared.core.optional_libraries import without; "
    program += "from mcp.server.mcpserver.utilities.logging import configure_logging\n"
    asked = program + "with without('rich'): configure_logging()"
    assert "rich" not in loaded_by(asked)
    assert "rich" in loaded_by(asked + "\nimport rich")
    assert "rich" in loaded_by(program + "configure_logging()")


def test_other_servers_are_not_offered_what_the_planner_alone_undoes() -> None:
    program = "from notechondria_shared.core.optional_libraries import allow; import httpx; allow('brotli'); "
    program += "import brotli, sys; sys.modules[httpx.Client().headers['accept-encoding'].replace(' ', '')] = sys"
    assert {"gzip,deflate", "brotli"} <= loaded_by(program)


def test_the_process_that_supervises_a_stack_loads_no_command_line_and_no_orm() -> None:
    loaded = loaded_by("import notechondria_launcher.background")
    assert "notechondria_launcher.stack" in loaded
    assert not loaded & {"typer", "rich", "pydantic", "sqlalchemy", "fastapi", "psycopg", "nats", "jwt"}
    assert "importlib.metadata" not in loaded


def test_the_command_line_loads_the_client_of_the_bus_only_for_commands_about_events() -> None:
    program = "import contextlib, sys; from notechondria_launcher.entry import main; sys.argv[1:] = ['--version']\n"
    loaded = loaded_by(program + "with contextlib.suppress(SystemExit): main()\n0")
    assert {"typer", "notechondria_cli.event_commands"} <= loaded
    assert not loaded & {"nats", "aiohttp"}


@pytest.mark.parametrize("service", SERVICES_WITH_SCHEMA)
def test_the_newest_migration_is_the_one_that_alembic_finds(service: str) -> None:
    folder = ROOT / "services" / service / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    assert head(folder) == ScriptDirectory.from_config(config).get_current_head()


def test_what_a_start_has_made_is_no_work_of_later_collections() -> None:
    """Of all requests that wait while a collection runs, none waits for one over what never goes away."""
    program = """
import asyncio, gc
from web_service.app import create_app
async def serve():
    app = create_app()
    async with app.router.lifespan_context(app):
        print(gc.get_freeze_count(), len(gc.get_objects()))
asyncio.run(serve())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True
    )
    frozen, left = map(int, done.stdout.split())
    assert frozen > 50_000
    assert left < frozen / 20
