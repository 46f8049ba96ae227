"""``notechondria doctor [--url URL --key-file FILE] [--json]``."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from notechondria_cli import control
from notechondria_cli.backup_schedule import BackupStatus
from notechondria_cli.build import Build, build_here
from notechondria_cli.credentials import Credentials
from notechondria_cli.display import say
from notechondria_cli.doctor import (
    backups,
    certificate,
    local_stack,
    machine,
    mail,
    network,
    programs,
    remote,
    settings,
)
from notechondria_cli.errors import StackError
from notechondria_cli.hints import typed
from notechondria_cli.layout import Layout
from notechondria_cli.operator_env import operator_environment
from notechondria_cli.options import Data, Json
from notechondria_cli.state import StackState
from notechondria_contracts.internal.status import ServiceStatus
from notechondria_contracts.services import OPERATOR
from notechondria_shared.core.version import product_version
from notechondria_shared.observability.diagnosis import Finding


@dataclass
class Examination:
    """What was found; ``state`` is ``running``, ``starting``, ``stopped``, or ``unknown`` of what did not answer."""

    location: dict[str, str]
    """Where: the ``data`` folder, or the ``url``."""
    state: str
    version: str = field(default_factory=product_version)
    backup: str = ""
    """When the last good backup was made, in words; "" where that cannot be seen."""
    services: list[ServiceStatus] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    hints: list[Finding] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "healthy": not self.problems,
            "version": self.version,
            **self.location,
            "state": self.state,
            **({"backup": self.backup} if self.backup else {}),
            "services": [one.model_dump(mode="json") for one in self.services],
            "problems": [_document(one) for one in self.problems],
            "hints": [_document(one) for one in self.hints],
        }


def _document(finding: Finding) -> dict[str, str]:
    return {"part": finding.part, "problem": finding.problem, "advice": typed(finding.advice)}


def examine(layout: Layout, env: dict[str, str]) -> Examination:
    """Look at settings, machine and what runs; nothing is changed."""
    report = control.report(layout, memory=False)
    state = StackState.read(layout.state) if report.state != "stopped" else None
    examination = Examination({"data": str(layout.data)}, report.state)
    examination.problems += settings.problems(env)
    examination.problems += machine.problems(layout, env, running=state is not None)
    examination.problems += [*mail.problems(env), *backups.problems(layout)]
    examination.backup = BackupStatus.read(layout).sentence()
    examination.hints += [*settings.hints(env), *machine.hints(layout), *backups.hints(layout)]
    if state is None:
        advice = "Start it: make up (or notechondria up)."
        examination.hints.append(
            Finding(part="launcher", problem=f"Nothing is running on {layout.data}.", advice=advice)
        )
        return examination
    try:
        calls = Credentials.load_or_create(layout.credentials).calls(OPERATOR)
    except StackError as error:
        examination.problems.append(Finding(part="data folder", problem=error.sentence, advice=error.remedy))
    else:
        examination.services = local_stack.ask(state, calls)
    examination.problems += local_stack.problems(state, report, examination.services)
    examination.problems += certificate.problems(state, env)
    if report.state == "running":
        examination.problems += network.problems(state)
    if {"identity", "mcp"} <= {one.name for one in examination.services if one.reachable}:
        examination.problems += programs.problems_here(state)
    examination.hints += [*settings.exposure(state.host, env), *_build(state, env)]
    return examination


def _build(state: StackState, env: dict[str, str]) -> Iterator[Finding]:
    """Files that are newer, or older, than what runs: after a `git pull`, say."""
    here = build_here(env)
    if state.commit and (state.version, state.commit) != (here.version, here.commit):
        running = Build(state.version, state.commit)
        problem = f"{running} runs, the files here are {here}."
        yield Finding(part="versions", problem=problem, advice="Go over to them: notechondria upgrade.")


def examine_elsewhere(url: str, key: str) -> Examination:
    """Ask a system through its gateway; of settings and machine there nothing can be seen."""
    said = remote.ask(url, key)
    if isinstance(said, list):
        examination = Examination({"url": url}, "unknown", problems=said)
    else:
        examination = Examination(
            {"url": url}, "running", version=said.version, services=said.services, problems=said.findings
        )
        examination.backup = said.backup or ""
        if settings.is_public({"PUBLIC_BASE_URL": url}):
            examination.problems += programs.problems_of(url)
    if url.startswith("http:") and settings.is_public({"PUBLIC_BASE_URL": url}):
        problem = "Everybody on the way can read what goes to this address, the key too."
        examination.hints.append(Finding(part="address", problem=problem, advice="Give its https:// address."))
    return examination


def doctor(
    data: Data = None,
    url: Annotated[str | None, typer.Option(help="Address of a system that runs elsewhere, as people open it.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="File with the API key of somebody who is staff there.")] = None,
    as_json: Json = False,
) -> None:
    """Say what is wrong with settings, machine and services, and what to do. Exit code 1 when something is."""
    if (url is None) != (key_file is None) or (url and data):
        raise StackError("These options do not fit together.", "Of elsewhere: --url and --key-file; of here: --data.")
    if url and key_file:
        examination = examine_elsewhere(url, remote.read_key(key_file.expanduser()))
    else:
        env = operator_environment()
        examination = examine(Layout.of(data, env), env)
    if as_json:
        print(json.dumps(examination.document(), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        _print(examination)
    if examination.problems:
        raise typer.Exit(1)


def _print(examination: Examination) -> None:
    console = Console()
    for finding in examination.problems:
        say(console, f"[bold red]{escape(finding.part)}[/bold red]: {escape(finding.problem)} {escape(finding.advice)}")
    for finding in examination.hints:
        say(console, f"[yellow]{escape(finding.part)}[/yellow]: {escape(finding.problem)} {escape(finding.advice)}")
    for service in examination.services:
        if service.reachable and service.database is None:
            say(console, f"{service.name} {service.version}: answers")
        elif service.reachable:
            waiting = service.outbox.unsent if service.outbox else "?"
            replicas = "?" if service.replicas is None else service.replicas
            schema = service.migrations.revision or "?"
            letters = "?" if service.dead_letters is None else service.dead_letters
            say(
                console,
                f"{service.name} {service.version}: replicas {replicas}, schema {schema}, "
                f"events waiting {waiting}, dead letters {letters}",
            )
    if examination.backup:
        say(console, escape(f"Last good backup: {examination.backup}"))
    say(console, _sum(len(examination.problems), len(examination.hints)))


def _sum(problems: int, hints: int) -> str:
    """Count what stands above, problems and hints apart: one kind ends with exit code 1, the other does not."""
    hinted = f"{hints} hint{'s' if hints > 1 else ''}"
    if not problems:
        return f"All is well. {hinted} above." if hints else "All is well."
    counted = f"{problems} problem{'s' if problems > 1 else ''}"
    return f"{counted}, {hinted}." if hints else f"{counted}."
