"""The ``notechondria`` command with all that runs a stack on this machine."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notechondria_cli import control
from notechondria_cli.database import use_embedded
from notechondria_cli.display import for_tables, say
from notechondria_cli.doctor.names import use_service_check
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.main import layout_of, new_app, register_operating, register_watching, run
from notechondria_cli.names import SERVICES, title
from notechondria_cli.operator_env import gateway_port, operator_environment
from notechondria_cli.options import Data, Json
from notechondria_launcher import route_commands, service_commands
from notechondria_launcher.plan import single_process
from notechondria_launcher.runner import UpOptions, up
from notechondria_launcher.settings_check import service_settings_problems
from notechondria_launcher.stack import Stack
from notechondria_launcher.upgrade import upgrade
from notechondria_launcher.worker_counts import AUTO, automatic, checked, variable

app = new_app()
_NOT_RUNNING = 3


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
) -> None:
    """Start everything, say where it is, and run until Ctrl-C (or in the background)."""
    env = operator_environment()
    options = UpOptions(layout_of(data).data, host, port or gateway_port(env), env, reload)
    up(options, Console(), detach=detach)


@app.command()
def down(data: Data = None) -> None:
    """Stop everything, in order, and wait until it is gone."""
    layout = layout_of(data)
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
    done = control.restart(layout_of(data), part)
    if as_json:
        print(json.dumps(asdict(done), indent=2))  # noqa: T201 - the command's output
    else:
        say(Console(), f"{title(done.name)} is ready again after {done.seconds:.1f} s (process {done.pid}).")


@app.command()
def scale(
    changes: Annotated[list[str], typer.Argument(metavar="SERVICE=N...", help="notes=2, or notes=auto.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Give services of the running stack more processes, or fewer, until it is stopped; .env keeps it (NOTES_WORKERS).

    Each service is restarted as by `restart`: reads wait, and what it has in hand is answered.
    """
    layout, env = layout_of(data), operator_environment()
    chosen = [_change(text) for text in changes]
    if single_process(env):
        raise StackError("All services run in one process here (NOTECHONDRIA_TOGETHER).", "Unset it and start again.")
    done = [(control.restart(layout, name, workers), workers) for name, workers in chosen]
    if as_json:
        print(json.dumps([asdict(one) | {"workers": workers} for one, workers in done], indent=2))  # noqa: T201 - output
        return
    for one, workers in done:
        shown = f"{workers} process{'es' if workers > 1 else ''}"
        say(Console(), f"{one.name} has {shown} after {one.seconds:.1f} s. To keep it: {variable(one.name)}={workers}")


def _change(text: str) -> tuple[str, int]:
    """Read ``notes=2``; raises StackError for anything else."""
    name, _, count = text.partition("=")
    if name not in SERVICES:
        raise StackError(f"There is no service {name!r}.", f"Services: {', '.join(SERVICES)}; such as notes=2.")
    return name, automatic() if count.strip().lower() == AUTO else checked(name, count.strip())


@app.command()
def status(
    data: Data = None,
    as_json: Json = False,
    memory: Annotated[bool, typer.Option("--memory", help="Measure the memory of each part, too.")] = False,
) -> None:
    """Show every part: process, port, uptime, restarts. Exit code 3 when nothing runs."""
    report = control.report(layout_of(data), memory=memory)
    if as_json:
        print(json.dumps(asdict(report), indent=2))  # noqa: T201 - the command's output
    else:
        _print_report(report, memory=memory)
    if report.state == "stopped":
        raise typer.Exit(_NOT_RUNNING)


@app.command()
def reset(data: Data = None, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete all data: accounts, notes, files, logs, passwords. Asks first; backups and files of others stay."""
    layout = layout_of(data)
    if not layout.data.is_dir() or not any(layout.data.iterdir()):
        say(Console(), f"There is nothing in {escape(str(layout.data))}. Another data folder is named by --data.")
        return
    if not yes:
        typer.confirm(f"Delete everything in {layout.data}? There is no way back", abort=True)
    left = control.reset(layout)
    say(Console(), f"Everything of Notechondria in {escape(str(layout.data))} is deleted.")
    if left:
        say(Console(), escape(f"Left where they are: {', '.join(left)}."))
    if operator_environment().get("DATABASE_URL"):
        say(Console(), "DATABASE_URL is set: that database was not touched.")


# In the order in which `--help` lists them: after the commands above, from every day's to the rare ones.
register_watching(app)
app.command("upgrade")(upgrade)
app.add_typer(service_commands.app, name="service")
app.command("routes")(route_commands.routes)
register_operating(app)


def _print_report(report: control.Report, *, memory: bool) -> None:
    console = Console()
    say(console, f"{report.state} on {escape(report.data)}" + (f": {report.url}" if report.url else ""))
    if not report.parts:
        return
    several = any((part.workers or 1) > 1 for part in report.parts)
    table = Table(
        "part",
        "state",
        "process",
        "port",
        "up",
        "restarts",
        *(["workers"] if several else []),
        *(["MiB"] if memory else []),
        box=None,
    )
    for part in report.parts:
        known = (part.pid, part.port, _duration(part.uptime_seconds), part.restarts)
        cells = [part.name, "[green]running[/green]" if part.running else "[red]down[/red]"]
        cells += ["" if value is None else str(value) for value in known]
        cells += [str(part.workers or "")] if several else []
        table.add_row(*cells, *([f"{part.memory_mib or 0:.0f}"] if memory else []))
    for_tables().print(table)
    say(console, escape(f"Last good backup: {report.backup}. Free on the disk: {report.disk_free_mib} MiB."))
    if memory:
        say(console, f"Together {sum(part.memory_mib or 0 for part in report.parts):.0f} MiB.")


def _duration(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _start_database(layout: Layout, env: Mapping[str, str]) -> Stack:
    stack = Stack(layout.data, env=env)
    stack.start(database_only=True)
    return stack


def main() -> None:
    """Run the command; a StackError becomes its sentence and exit code 1."""
    use_embedded(_start_database)
    use_service_check(service_settings_problems)
    run(app)
