"""`python -m <service> import-django`: import a service's own tables from the Django monolith.

    DJANGO_DATABASE_URL=postgresql://... python -m notes_service import-django --handover FOLDER
        [--media FOLDER] [--snapshot NAME] [--dry-run]

The service's settings come from its environment as always. Standard output has the lines of `lines.py`, standard error
the log. `notechondria import-django` runs it for identity, notes and planner, in this order.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from notechondria_shared.core.logs import configure_logging
from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.core.start import CannotStart
from notechondria_shared.django_import.files import MediaCopy
from notechondria_shared.django_import.lines import COMMAND, DATABASE_VARIABLE, Finished, Problem, Progress, written
from notechondria_shared.django_import.problem import ImportProblem
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.source import Monolith
from notechondria_shared.django_import.target import Target
from notechondria_shared.service.chassis import AppSpec

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


@dataclass(frozen=True, slots=True)
class ImportRun(Generic[SettingsT]):
    """What an import works with."""

    settings: SettingsT
    source: Monolith
    target: Target
    report: Report
    handover: Path
    media: MediaCopy


def import_django(
    settings: SettingsT, spec: AppSpec, importer: Callable[[ImportRun[SettingsT]], None], arguments: Sequence[str]
) -> int:
    """Migrate the schema, run a service's importer, and print its report or the problem; the exit code.

    A dry run migrates nothing, and its connection refuses to write.
    """
    configure_logging(settings)
    try:
        report = _import(settings, spec, importer, _options(settings.service, arguments))
    except ImportProblem as problem:
        _print(Problem(problem.sentence, problem.remedy))
        return 1
    except CannotStart as problem:
        _print(Problem(f"{settings.service} cannot import: {problem}", "Nothing of it was imported."))
        return 1
    _print(Finished(report))
    return 0


def _import(
    settings: SettingsT,
    spec: AppSpec,
    importer: Callable[[ImportRun[SettingsT]], None],
    options: argparse.Namespace,
) -> Report:
    dry_run: bool = options.dry_run
    url = os.environ.get(DATABASE_VARIABLE, "")
    if not url:
        raise ImportProblem(f"{DATABASE_VARIABLE} is not set.", "Give it the address of the monolith's Postgres.")
    report = Report(dry_run=dry_run)
    with Monolith(url, options.snapshot) as source:
        if not dry_run:
            asyncio.run(spec.prepare(settings))
        media = MediaCopy(options.media, settings.media_location, report, _progress, dry_run=dry_run)
        with closing(Target(settings.database_conninfo, report, _progress, dry_run=dry_run)) as target:
            importer(ImportRun(settings, source, target, report, options.handover, media))
            target.renumber()
    return report


def _options(service: str, arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {service}_service {COMMAND}")
    parser.add_argument(
        "--handover", type=Path, required=True, help="folder in which the imports leave what the next needs"
    )
    parser.add_argument("--media", type=Path, help="the monolith's media folder")
    parser.add_argument("--snapshot", help="an exported snapshot of the monolith's database")
    parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
    return parser.parse_args(arguments)


def _progress(kind: str, done: int) -> None:
    _print(Progress(kind, done))


def _print(line: Progress | Problem | Finished) -> None:
    print(written(line), flush=True)  # noqa: T201 - the command's output
