"""``notechondria import-django``: move in from the Django monolith."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from notechondria_cli.backup_commands import media_environment
from notechondria_cli.database import idle_database
from notechondria_cli.display import say
from notechondria_cli.django_import.services import (
    IMPORTED_SERVICES,
    ImportOptions,
    OnProgress,
    check_installed,
    import_services,
)
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.operator_env import operator_environment
from notechondria_shared.core.keys import SigningKey
from notechondria_shared.core.provision import provision
from notechondria_shared.django_import.lines import DATABASE_VARIABLE
from notechondria_shared.django_import.problem import ImportProblem
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.source import Monolith


def _keys(service: str) -> dict[str, str]:
    """A key of this one run, which the settings ask for: an import calls nobody, and nobody calls it."""
    key = SigningKey.generate()
    return {"SERVICE_KEY": key, "SERVICE_PUBLIC_KEYS": f"{service}:{SigningKey(key).public}"}


def import_django(
    database_url: Annotated[
        str, typer.Option("--database-url", envvar=DATABASE_VARIABLE, help="The monolith's Postgres, only read.")
    ],
    media: Annotated[
        Path | None, typer.Option("--media", help="The monolith's media folder.", exists=True, file_okay=False)
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Data folder to move into.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report, write nothing.")] = False,
    report_file: Annotated[Path | None, typer.Option("--report", help="Write the report here as JSON too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Move accounts, notes, plans and files of the Django monolith into this system, which must not be running.

    Ids, uuids, password hashes and API keys stay; everybody signs in anew. It can be repeated: what is there already is
    left as it is. Without --media the files must lie in this system's store already.
    """
    env = operator_environment()
    layout = Layout.of(data, env)
    check_installed()
    try:
        with Monolith(database_url) as monolith:
            monolith.require("auth_user")  # before anything is made
            options = ImportOptions(monolith.export_snapshot(), media, dry_run)
            with _Bars(Console(stderr=True)) as bars:
                report = _import(layout, env, database_url, options, bars)
    except ImportProblem as problem:
        raise StackError(problem.sentence, problem.remedy) from problem
    if report_file:
        report_file.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201 - the command's output
    else:
        _show(report)


def _import(
    layout: Layout, env: Mapping[str, str], monolith_url: str, options: ImportOptions, progress: OnProgress
) -> Report:
    database = idle_database(layout, env)
    try:
        url = database.admin_database_url
        if not options.dry_run:
            provision(url, database.role_passwords)
        # A dry run makes no roles: it looks with the administrator's, and cannot write.
        urls = {name: url if options.dry_run else database.database_url(name) for name in IMPORTED_SERVICES}
        environments = {
            name: {**media_environment(layout, env, urls[name]), **_keys(name), DATABASE_VARIABLE: monolith_url}
            for name in IMPORTED_SERVICES
        }
        return import_services(environments, options, progress)
    finally:
        database.stop()


class _Bars(Progress):
    """A line for each kind that is being moved."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description:<30}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console, disable=not console.is_terminal)
        self._tasks_of: dict[str, TaskID] = {}
        self._done: dict[tuple[str, str], int] = {}

    def __call__(self, service: str, kind: str, done: int) -> None:
        """Show how far a service is; a kind that several services have is one line."""
        if kind not in self._tasks_of:
            self._tasks_of[kind] = self.add_task(kind, total=None)
        self._done[kind, service] = done
        total = sum(count for (name, _), count in self._done.items() if name == kind)
        self.update(self._tasks_of[kind], completed=total)


def _show(report: Report) -> None:
    console = Console()
    table = Table(box=None)
    table.add_column("")
    for name in ("read", "would come" if report.dry_run else "came", "there already", "changed", "left out"):
        table.add_column(name, justify="right")
    for name, kind in report.kinds.items():
        table.add_row(name, *map(str, (kind.read, kind.written, kind.present, kind.changed, kind.skipped)))
    console.print(table)
    for name, kind in report.kinds.items():
        for reason, count in kind.reasons.most_common():
            say(console, escape(f"{name}: {count} x {reason}"))
        for example in kind.examples[:5]:
            say(console, escape(f"    {example}"))
    if not report.dry_run:
        say(console, "Everybody signs in anew. Start it: notechondria up")
