"""The rules of ADR 0021 hold: who may import whom, and how small the rooms are."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
from tools.api_document import application

from notechondria_cli.names import SERVICES, SERVICES_WITH_SCHEMA
from notechondria_contracts.events import CATALOGUE
from notechondria_shared.web.paths import api_routes, calls

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "notechondria_contracts": ROOT / "shared/contracts/notechondria_contracts",
    "notechondria_shared": ROOT / "shared/library/notechondria_shared",
    "identity_service": ROOT / "services/identity/identity_service",
    "notes_service": ROOT / "services/notes/notes_service",
    "planner_service": ROOT / "services/planner/planner_service",
    "mcp_service": ROOT / "services/mcp/mcp_service",
    "web_service": ROOT / "services/web/web_service",
    "notechondria_cli": ROOT / "cli/notechondria_cli",
    "notechondria_launcher": ROOT / "deploy/launcher/notechondria_launcher",
}
SHARED = {"notechondria_contracts", "notechondria_shared"}
MAY_IMPORT = {
    "notechondria_contracts": set(),
    "notechondria_shared": {"notechondria_contracts"},
    "identity_service": SHARED,
    "notes_service": SHARED,
    "planner_service": SHARED,
    "mcp_service": SHARED,
    "web_service": SHARED,
    "notechondria_cli": SHARED,
    "notechondria_launcher": SHARED | {"notechondria_cli"},
}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py"}


def sources(package: str) -> list[Path]:
    found = sorted(PACKAGES[package].rglob("*.py"))
    assert found, f"no files of {package}"
    return found


def imported_packages(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_dependencies_point_one_way(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    for file in sources(package):
        foreign = imported_packages(file) & set(PACKAGES) - allowed
        assert not foreign, f"{file.relative_to(ROOT)} imports {foreign}"


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_are_small_and_named(package: str) -> None:
    for file in sources(package):
        assert file.name not in FORBIDDEN_NAMES, file
        lines = len(file.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{file.relative_to(ROOT)} has {lines} lines: two rooms?"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_no_other_schema(service: str) -> None:
    """Statements of a service stay in its own schema: no table of another one is declared or named."""
    others = set(SERVICES_WITH_SCHEMA) - {service}
    for file in (ROOT / f"services/{service}").rglob("*.py"):
        if "tests" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        for other in others:
            assert f'schema="{other}"' not in text, file
            assert f'service_metadata("{other}")' not in text, file


def test_every_fact_is_in_the_catalogue_under_its_service() -> None:
    assert all(subject == event.subject for subject, event in CATALOGUE.items())
    assert {subject.partition(".")[0] for subject in CATALOGUE} == {"identity", "notes", "planner"}


@pytest.mark.parametrize("service", SERVICES)
def test_no_request_waits_for_a_thread(service: str) -> None:
    """FastAPI runs a plain function, endpoint or dependency, in a thread: dear where nothing in it blocks."""
    routes = api_routes(application(service))
    assert len(routes) > 10
    called = {call for route in routes for call in (route.dependant.call, *calls(route.dependant))}
    assert not [call for call in called if not _is_async(call)]


def _is_async(call: Any) -> bool:
    if not inspect.isroutine(call):  # an object that is called
        call = type(call).__call__
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
