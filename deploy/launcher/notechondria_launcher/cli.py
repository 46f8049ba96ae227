"""The ``notechondria`` command."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notechondria_launcher import (
    access_log,
    backup_commands,
    control,
    event_commands,
    operator_commands,
    route_commands,
    top_command,
)
from notechondria_launcher.display import for_tables, say
from notechondria_launcher.django_import.command import import_django
from notechondria_launcher.doctor.command import doctor
from notechondria_launcher.errors import StackError
from notechondria_launcher.layout import Layout, default_data_folder
from notechondria_launcher.log_view import follow, tail
from notechondria_launcher.names import PARTS, SERVICES, TOGETHER, title
from notechondria_launcher.operator_commands import user_id
from notechondria_launcher.operator_env import gateway_port, operator_environment
from notechondria_launcher.runner import UpOptions, up, up_reporting
from notechondria_shared.core.settings import TRUE_WORDS
from notechondria_shared.core.version import product_version

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_NOT_RUNNING = 3
Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (default: $NOTECHONDRIA_DATA, else .data in the checkout).")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _layout(data: Path | None) -> Layout:
    return Layout(data.expanduser().absolute() if data else default_data_folder(operator_environment()))


def _show_version(asked: bool) -> None:
    if asked:
        print(f"notechondria {product_version()}")  # noqa: T201 - the command's output
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run Notechondria on this machine: Postgres, NATS, gateway and the four services."""


@app.command("up")
def up_command(
    data: Data = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port of the gateway (default: $NOTECHONDRIA_PORT, else 8080).", min=1, max=65535),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Go on in the background once all is ready.")] = False,
    reload: Annotated[
        str | None,
        typer.Option("--reload", metavar="SERVICE", help="Restart this service whenever its code changes."),
    ] = None,
    report: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start everything, say where it is, and run until Ctrl-C (or in the background)."""
    env = operator_environment()
    options = UpOptions(_layout(data).data, host, port or gateway_port(env), env, reload)
    if report is not None:
        up_reporting(options, report)
    else:
        up(options, Console(), detach=detach)


@app.command()
def down(data: Data = None) -> None:
    """Stop everything, in order, and wait until it is gone."""
    layout = _layout(data)
    console = Console()
    with console.status("Stopping") if console.is_terminal else nullcontext():
        stopped = control.stop(layout)
    say(
        console,
        "Stopped; nothing is left running." if stopped else f"Nothing was running on {escape(str(layout.data))}.",
    )


@app.command()
def restart(
    part: Annotated[str, typer.Argument(metavar="SERVICE", help="A service, or another part such as gateway.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Stop one part, start it again and wait until it is ready; the others go on.

    What it has in hand is answered first. Meanwhile reads wait at the gateway, and writes get 503 with Retry-After.
    """
    done = control.restart(_layout(data), part)
    if as_json:
        print(json.dumps(asdict(done), indent=2))  # noqa: T201 - the command's output
    else:
        say(Console(), f"{title(done.name)} is ready again after {done.seconds:.1f} s (process {done.pid}).")


@app.command()
def status(
    data: Data = None,
    as_json: Json = False,
    memory: Annotated[bool, typer.Option("--memory", help="Measure the memory of each part, too.")] = False,
) -> None:
    """Show every part: process, port, uptime, restarts. Exit code 3 when nothing runs."""
    report = control.report(_layout(data), memory=memory)
    if as_json:
        print(json.dumps(asdict(report), indent=2))  # noqa: T201 - the command's output
    else:
        _print_report(report, memory=memory)
    if report.state == "stopped":
        raise typer.Exit(_NOT_RUNNING)


@app.command()
def logs(
    data: Data = None,
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines are written.")] = False,
    part: Annotated[
        str | None, typer.Option("--part", "-p", help=f"What one part itself has written: {', '.join(PARTS)}.")
    ] = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", help="How many lines to begin with: the last ones that fit.", min=0)
    ] = 100,
    service: Annotated[
        str | None, typer.Option("--service", "-s", help="Only requests that this service answered.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", "-u", help="Only requests of this user (name or id).")] = None,
    min_ms: Annotated[float, typer.Option("--min-ms", help="Only requests that took at least this long.", min=0)] = 0,
    status_class: Annotated[
        str | None, typer.Option("--status", help="Only these answers: 404, or a class such as 5xx.")
    ] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the gateway's JSON log from standard input.")] = False,
    as_json: Json = False,
) -> None:
    """Show the requests to all services (status, duration, method, path), or what one part has written.

    Also for what runs elsewhere: docker compose logs gateway | notechondria logs --stdin --status 5xx
    """
    layout = _layout(data)
    if part is not None and part not in (*PARTS, TOGETHER, "launcher"):
        raise StackError(f"There is no part {part!r}.", f"Parts: {', '.join(PARTS)}.")
    if service is not None and service not in SERVICES:
        raise StackError(f"There is no service {service!r}.", f"Services: {', '.join(SERVICES)}.")
    path = layout.log(part) if part else layout.access_log
    forced = operator_environment().get("DJANGO_ACCESS_LOG_FORCE_COLOR", "").strip().lower()
    colour = sys.stdout.isatty() or forced in TRUE_WORDS
    wanted = access_log.Wanted(service, min_ms, status_class, user_id(user, data) if user else None)
    if part and wanted != access_log.Wanted():
        raise StackError("--service, --user, --min-ms and --status choose requests.", "Leave them out, or --part.")
    if not stdin and not follow_on and not path.exists():
        say(Console(stderr=True), f"There is nothing yet: {escape(str(path))} is not there.")

    def fits(line: str) -> bool:
        return part is not None or wanted.accepts(access_log.parse(line))

    for line in filter(fits, sys.stdin) if stdin else _lines(path, lines, fits, follow_on=follow_on):
        request = None if part else access_log.parse(line)
        shown = access_log.render(request, colour=colour) if request and not as_json else line.rstrip("\n")
        print(shown, flush=follow_on or stdin)  # noqa: T201


@app.command()
def reset(data: Data = None, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete all data: accounts, notes, files, logs, passwords. Asks first."""
    layout = _layout(data)
    if not yes:
        typer.confirm(f"Delete everything in {layout.data}? There is no way back", abort=True)
    control.reset(layout)
    say(Console(), f"Everything in {escape(str(layout.data))} is deleted.")
    if operator_environment().get("DATABASE_URL"):
        say(Console(), "DATABASE_URL is set: that database was not touched.")


# In the order in which `--help` lists them: after the commands above, from every day's to the rare ones.
app.command("doctor")(doctor)
app.command("top")(top_command.top)
app.command("routes")(route_commands.routes)
operator_commands.register(app)
app.add_typer(event_commands.app, name="events")
backup_commands.register(app)
app.command("import-django")(import_django)


def _lines(path: Path, count: int, fits: Callable[[str], bool], *, follow_on: bool) -> Iterator[str]:
    last, offset = tail(path, count, fits)
    yield from last
    if follow_on:
        yield from filter(fits, follow(path, offset))


def _print_report(report: control.Report, *, memory: bool) -> None:
    console = Console()
    say(console, f"{report.state} on {escape(report.data)}" + (f": {report.url}" if report.url else ""))
    if not report.parts:
        return
    table = Table("part", "state", "process", "port", "up", "restarts", *(["MiB"] if memory else []), box=None)
    for part in report.parts:
        known = (part.pid, part.port, _duration(part.uptime_seconds), part.restarts)
        cells = [part.name, "[green]running[/green]" if part.running else "[red]down[/red]"]
        cells += ["" if value is None else str(value) for value in known]
        table.add_row(*cells, *([f"{part.memory_mib or 0:.0f}"] if memory else []))
    for_tables().print(table)
    if memory:
        say(console, f"Together {sum(part.memory_mib or 0 for part in report.parts):.0f} MiB.")


def _duration(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def main() -> None:
    """Run the command; a StackError becomes its sentence and exit code 1."""
    try:
        app()
    except StackError as error:
        console = Console(stderr=True)
        say(console, f"[bold red]{escape(error.sentence)}[/bold red] {escape(error.remedy)}")
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
