"""``up --reload SERVICE``: one service is restarted whenever its code changes, for those who work on it."""

import importlib.util
import threading
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from watchfiles import watch

from notechondria_cli.display import say
from notechondria_cli.errors import StackError
from notechondria_cli.layout import shown
from notechondria_cli.log_view import follow
from notechondria_cli.names import SERVICES, title
from notechondria_launcher.stack import Stack

_SHARED = ("notechondria_contracts", "notechondria_shared")
_POLL_MILLISECONDS = 500


def watched_folders(service: str) -> list[Path]:
    """Return the folders whose files a service is made of: its package, its migrations, the shared packages.

    Raises StackError for a name that is no service's.
    """
    if service not in SERVICES:
        raise StackError(f"There is no service {service!r}.", f"Services: {', '.join(SERVICES)}.")
    package = _package(f"{service}_service")
    migrations = package.parent / "migrations"
    return [package, *([migrations] if migrations.is_dir() else []), *map(_package, _SHARED)]


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(f"The package {name} is not installed.", "Install everything with: make up.")
    return Path(next(iter(spec.submodule_search_locations)))


def restart_on_change(stack: Stack, service: str, stop: threading.Event, console: Console) -> None:
    """Restart the service after each change to its code, until ``stop`` is set; its log is shown meanwhile.

    A change that keeps the service from starting is reported; the next change tries again.
    """
    folders = watched_folders(service)
    log = stack.log(service)
    offset = log.stat().st_size if log.exists() else 0
    threading.Thread(target=_show_log, args=(log, offset, console), name="show-log", daemon=True).start()
    announced = False
    # The first empty set comes when the operating system already reports changes: only then it is said.
    for changes in watch(
        *folders, stop_event=stop, yield_on_timeout=True, rust_timeout=_POLL_MILLISECONDS, raise_interrupt=False
    ):
        if not announced:
            announced = True
            say(console, f"Watching {escape(', '.join(shown(folder) for folder in folders))}: {service} is restarted")
            say(console, "after each change. Ctrl-C stops everything.")
        if changes and not stop.is_set():
            names = sorted({shown(Path(path)) for _, path in changes})
            say(console, f"[bold]Changed:[/bold] {escape(', '.join(names))}")
            _restart(stack, service, console)


def _restart(stack: Stack, service: str, console: Console) -> None:
    try:
        done = stack.restart_part(service)
    except StackError as error:
        if not error.cancelled:
            say(console, f"[bold red]{escape(error.sentence)}[/bold red] {escape(error.remedy)}")
            say(console, f"{title(service)} is down until the next change.")
    else:
        say(console, f"[bold green]{title(service)} is ready again[/bold green] after {done.seconds:.1f} s.")


def _show_log(log: Path, offset: int, console: Console) -> None:
    for line in follow(log, offset):
        say(console, f"[dim]{escape(line)}[/dim]")
