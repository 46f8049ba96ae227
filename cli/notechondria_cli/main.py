"""The ``notechondria`` command: what operators do to any deployment."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from notechondria_cli import access_log, backup_commands, event_commands, operator_commands, top_command
from notechondria_cli.display import say
from notechondria_cli.django_import.command import import_django
from notechondria_cli.doctor.command import doctor
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.log_view import follow, tail
from notechondria_cli.names import PARTS, SERVICES, SINGLE_PROCESS
from notechondria_cli.operator_commands import user_id
from notechondria_cli.operator_env import operator_environment
from notechondria_cli.options import Data, Json
from notechondria_shared.core.flags import TRUE_WORDS
from notechondria_shared.core.version import product_version


def new_app() -> typer.Typer:
    """A command without subcommands."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(root)
    return app


def layout_of(data: Path | None) -> Layout:
    """Return the data folder that a command means."""
    return Layout.of(data, operator_environment())


def _show_version(asked: bool) -> None:
    if asked:
        print(f"notechondria {product_version()}")  # noqa: T201 - the command's output
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run and look after Notechondria: Postgres, NATS, gateway and services."""


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
    layout = layout_of(data)
    if part is not None and part not in (*PARTS, SINGLE_PROCESS, "launcher", "backup"):
        raise StackError(f"There is no part {part!r}.", f"Parts: {', '.join(PARTS)}.")
    if service is not None and service not in SERVICES:
        raise StackError(f"There is no service {service!r}.", f"Services: {', '.join(SERVICES)}.")
    path = layout.log(part) if part else layout.access_log
    forced = operator_environment().get("DJANGO_ACCESS_LOG_FORCE_COLOR", "").strip().lower()
    colour = sys.stdout.isatty() or forced in TRUE_WORDS
    request_filter = access_log.RequestFilter(service, min_ms, status_class, user_id(user, data) if user else None)
    if part and request_filter != access_log.RequestFilter():
        raise StackError("--service, --user, --min-ms and --status choose requests.", "Leave them out, or --part.")
    if not stdin and not follow_on and not path.exists():
        say(Console(stderr=True), f"There is nothing yet: {escape(str(path))} is not there.")

    def fits(line: str) -> bool:
        return part is not None or request_filter.accepts(access_log.parse(line))

    for line in filter(fits, sys.stdin) if stdin else _lines(path, lines, fits, follow_on=follow_on):
        request = None if part else access_log.parse(line)
        shown = access_log.render(request, colour=colour) if request and not as_json else line.rstrip("\n")
        print(shown, flush=follow_on or stdin)  # noqa: T201


def register_watching(app: typer.Typer) -> None:
    """Add what shows how a deployment is."""
    app.command("logs")(logs)
    app.command("doctor")(doctor)
    app.command("top")(top_command.top)


def register_operating(app: typer.Typer) -> None:
    """Add what operators do to accounts, events and data."""
    operator_commands.register(app)
    app.add_typer(event_commands.app, name="events")
    backup_commands.register(app)
    app.command("import-django")(import_django)


def _lines(path: Path, count: int, fits: Callable[[str], bool], *, follow_on: bool) -> Iterator[str]:
    last, offset = tail(path, count, fits)
    yield from last
    if follow_on:
        yield from filter(fits, follow(path, offset))


def run(app: typer.Typer) -> None:
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


app = new_app()
register_watching(app)
register_operating(app)


def main() -> None:
    """Run the command without what the launcher adds."""
    run(app)
