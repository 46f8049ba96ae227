"""The imports of the services, run one after the other as processes of their own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from notechondria_cli.errors import StackError
from notechondria_shared.django_import.lines import COMMAND, Finished, Problem, Progress, parsed
from notechondria_shared.django_import.report import Report

IMPORTED_SERVICES = ("identity", "notes", "planner")
"""In the order in which one refers to what another has imported."""
OnProgress = Callable[[str, str, int], None]
"""Called with the service, the kind that it is importing, and how many rows are through."""


@dataclass(frozen=True)
class ImportOptions:
    """What all imports are given beside their environment."""

    snapshot: str
    media: Path | None
    dry_run: bool

    def arguments(self, handover: Path) -> list[str]:
        """Return them as a command line, which holds no secret."""
        media = ["--media", str(self.media)] if self.media else []
        dry_run = ["--dry-run"] if self.dry_run else []
        return ["--handover", str(handover), "--snapshot", self.snapshot, *media, *dry_run]


def check_installed() -> None:
    """Raise StackError when the package of a service is missing."""
    missing = [name for name in IMPORTED_SERVICES if importlib.util.find_spec(f"{name}_service") is None]
    if missing:
        packages = ", ".join(f"notechondria-{name}" for name in missing)
        raise StackError(
            f"The import is done by the services, and of these {packages} is not installed here.",
            "Run it where all services are: in a checkout, or in the image all-in-one.",
        )


def import_services(
    environments: Mapping[str, Mapping[str, str]], options: ImportOptions, progress: OnProgress
) -> Report:
    """Run all imports, each under its own environment; their reports in one. Raises StackError, the rest is not run."""
    report = Report(dry_run=options.dry_run)
    with tempfile.TemporaryDirectory(prefix="notechondria-import-") as handover:
        for service in IMPORTED_SERVICES:
            arguments = options.arguments(Path(handover))
            report.add(_import(service, environments[service], arguments, progress))
    return report


def _import(service: str, environment: Mapping[str, str], arguments: list[str], progress: OnProgress) -> Report:
    command = [sys.executable, "-m", f"{service}_service", COMMAND, *arguments]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log,
        subprocess.Popen(  # noqa: S603 - our own command line
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            report = _report(service, process, progress)
        except BaseException:
            process.kill()
            raise
        if process.wait() or report is None:
            raise _failure(service, process.returncode, log)
    return report


def _report(service: str, process: subprocess.Popen[str], progress: OnProgress) -> Report | None:
    """Follow what an import prints; None when it ends without a report."""
    report = None
    for text in process.stdout or ():
        try:
            line = parsed(text)
        except ValidationError as error:
            raise StackError(f"The import of {service} printed {text.strip()!r}.", "Is it of this version?") from error
        match line:
            case Progress():
                progress(service, line.kind, line.done)
            case Problem():
                raise StackError(line.sentence, line.remedy)
            case Finished():
                report = line.report
    return report


def _failure(service: str, code: int, log: IO[str]) -> StackError:
    log.seek(0)
    lines = [line.strip() for line in log if line.strip()]
    reason = lines[-1].rstrip(".") if lines else f"it ended with exit code {code}"
    return StackError(f"The import of {service} failed: {reason}.", "What came over before stays; it can be repeated.")
