"""``notechondria routes``: the gateway's routing table, as Traefik itself reads it from the files."""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notechondria_cli.display import for_tables
from notechondria_cli.errors import StackError
from notechondria_cli.names import SERVICES
from notechondria_cli.ports import choose_port, release_port
from notechondria_cli.probe import answers, get_json
from notechondria_launcher.part import ManagedProcess
from notechondria_launcher.process import ChildSpec
from notechondria_launcher.traefik import Traefik

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
# No service runs behind this gateway; it is only asked what it would do.
_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Route:
    """One router: who answers which paths, by what rank, behind which limits and changes."""

    name: str
    rule: str
    priority: int
    service: str
    middlewares: tuple[str, ...]
    limits: tuple[str, ...]


def ask_gateway(env: Mapping[str, str], *paths: str) -> list[Any]:
    """Start the gateway on free ports for a moment and return what its API says under each path."""
    port, ping_port = choose_port(), choose_port()
    try:
        with tempfile.TemporaryDirectory(prefix="notechondria-routes-") as folder:
            target = Path(folder)
            urls = dict.fromkeys(SERVICES, _NOWHERE)
            gateway = Traefik(target, target, "127.0.0.1", port, ping_port, urls, env)
            admin = f"http://127.0.0.1:{ping_port}"
            part = ManagedProcess("gateway", lambda: _spec(gateway, admin))
            part.start()
            try:
                return [get_json(admin + path) for path in paths]
            finally:
                part.stop()
    finally:
        release_port(port)
        release_port(ping_port)


def read_routes() -> list[Route]:
    """Ask the gateway for its routers, highest priority first; those of its own health are not for the outside."""
    paths = ("/api/http/routers?per_page=1000", "/api/http/middlewares?per_page=1000")
    routers, steps = ask_gateway(os.environ, *paths)
    if not isinstance(routers, list):
        raise StackError("The gateway did not say what it routes.", "See gateway/routes/ for what is wrong.")
    ours = [entry for entry in routers if entry.get("provider") == "file" and entry["entryPoints"] != ["traefik"]]
    broken = [entry["name"] for entry in ours if entry.get("status") != "enabled"]
    if broken:
        raise StackError(f"These routes cannot be used: {', '.join(broken)}.", "See gateway/routes/.")
    limits = {
        step["name"]: f"{step['rateLimit']['average']} a minute and address"
        for step in (steps if isinstance(steps, list) else [])
        if "rateLimit" in step
    }
    routes = [
        Route(
            name=entry["name"].partition("@")[0],
            rule=entry["rule"],
            priority=int(entry["priority"]),
            service=entry["service"],
            middlewares=tuple(name.partition("@")[0] for name in entry.get("middlewares", ())),
            limits=tuple(limits[name] for name in entry.get("middlewares", ()) if name in limits),
        )
        for entry in ours
    ]
    return sorted(routes, key=lambda route: (-route.priority, route.service, route.name))


def _spec(gateway: Traefik, admin: str) -> ChildSpec:
    spec = gateway.spec()
    return ChildSpec(
        name=spec.name,
        argv=spec.argv,
        env=spec.env,
        log=spec.log,
        ready=lambda: answers(f"{admin}/ping") and bool(get_json(f"{admin}/api/http/services/identity@file")),
        folder=spec.folder,
    )


def prefix(rule: str) -> str:
    """Return a rule as people write it: ``/api/v1/notes/*`` for what is the path itself or lies below it."""
    short = re.sub(r"\(?Path\(`([^`]*)`\) \|\| PathPrefix\(`\1/`\)\)?", r"\1/*", rule)
    return re.sub(r"^PathPrefix\(`([^`]*)`\)$", r"\1*", short).replace("`", "")


def routes(as_json: Json = False) -> None:
    """Show which service answers which path, by rank, with the limits and changes on the way."""
    all_routes = read_routes()
    if as_json:
        print(json.dumps([asdict(route) for route in all_routes], indent=2))  # noqa: T201 - the command's output
        return
    table = Table("priority", "service", box=None)
    for name in ("prefix", "limits", "on the way"):
        table.add_column(name, overflow="fold")
    for route in all_routes:
        table.add_row(
            str(route.priority),
            route.service,
            escape(prefix(route.rule)),
            ", ".join(route.limits),
            ", ".join(route.middlewares),
        )
    for_tables().print(table)
    Console().print("Everywhere: 64 KiB of headers; 20 MiB of body, by the services, which limit files too.")
