"""The rules of ADR 0021 hold: who may import whom, and how small the files are."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from types import MethodType
from typing import Any, get_args

import pytest
from tools.api_document import application

from notechondria_cli.names import SERVICES, SERVICES_WITH_SCHEMA
from notechondria_contracts.admin import ADMIN_PATH, AdminDescription, AdminResource, ColumnKind
from notechondria_contracts.events import CATALOGUE
from notechondria_shared.web.paths import api_routes, calls
from tests.support.keys import KEY_SETTINGS

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


MAY_LOAD_SERVICES = {
    "tools/api_document.py",
    "tools/service_variables.py",
    "deploy/launcher/notechondria_launcher/single_process.py",
    "deploy/launcher/notechondria_launcher/settings_check.py",
    "deploy/launcher/notechondria_launcher/template.py",
}
"""Programs that run every service's code in one process."""
CODE = ("bench", "cli", "deploy", "services", "shared", "tests", "tools", "conftest.py")


def loads_by_name(source: str) -> list[int]:
    """Lines that import a module by its name: `import_module`, under whatever name, or `__import__`.

    A name that is no plain text, or that holds `_service`, is taken for the name of a service.
    """
    tree = ast.parse(source)
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "importlib"
        for alias in node.names
        if alias.name in {"import_module", "__import__"}
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
        if name not in {"import_module", "__import__"} | aliases:
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        plain = [one.value for one in given[:1] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if not plain or "_service" in plain[0]:
            found.append(node.lineno)
    return found


def all_code() -> dict[str, str]:
    """The text of every file of Python, by its path."""
    files = [
        file for name in CODE for file in ((ROOT / name).rglob("*.py") if (ROOT / name).is_dir() else [ROOT / name])
    ]
    assert len(files) > 400
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def test_services_are_not_imported_by_name() -> None:
    found = {name: loads_by_name(text) for name, text in all_code().items()}
    assert {name for name, lines in found.items() if lines} == MAY_LOAD_SERVICES


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('import importlib\nimportlib.import_module("notes_service.app")', [2]),
        ('import importlib\nimportlib.import_module(f"{name}_service.app")', [2]),
        ('from importlib import import_module as load\nload(name="notes_service")', [2]),
        ('__import__("notes" + "_service")', [1]),
        ('name = "notes_service"\n__import__(name)', [2]),
        ('import importlib\nimportlib.import_module("json")', []),
        ('importlib.util.find_spec("notes_service")', []),
    ],
)
def test_an_import_by_name_is_seen(source: str, lines: list[int]) -> None:
    assert loads_by_name(source) == lines


POSSESSIVE_GROUP = re.compile(r"(?<![\\(])\)(?:[*+?]|\{\d*,?\d*\})\+(?!\+)")


def possessive_groups(source: str) -> list[int]:
    """Lines whose texts repeat a group possessively, `(...)*+`.

    Python up to 3.11.4 keeps what the last, failed round has read (CPython issue 106052); `(?>(...)*)` is read right.
    """
    texts = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [node.lineno for node in texts if POSSESSIVE_GROUP.search(_as_text(node.value))]


def _as_text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def test_no_pattern_is_read_otherwise_by_an_older_python() -> None:
    found = {name: possessive_groups(text) for name, text in all_code().items() if name != "tests/test_architecture.py"}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('X = r"(?:a|bc)*+"', [1]),
        ('Y = rb"x(?:a|bc){2,}+"', [1]),
        ('A = "ab"\nB = rf"(?:{A}){{0,9}}+"', [2]),
        ('Z = r"(?>(?:a|bc)*)[^a]++"', []),
        ('P = r"(a+)+"', []),
    ],
)
def test_a_possessive_group_is_seen(source: str, lines: list[int]) -> None:
    assert possessive_groups(source) == lines


@pytest.mark.parametrize("package", PACKAGES)
def test_files_are_small_and_named(package: str) -> None:
    for file in sources(package):
        assert file.name not in FORBIDDEN_NAMES, file
        lines = len(file.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{file.relative_to(ROOT)} has {lines} lines: two files?"


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


def test_every_event_is_in_the_catalogue_under_its_service() -> None:
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


def literals(package: str, folder: str = "") -> set[str]:
    """The texts that stand alone in the code of a package; imports name the columns of the monolith, not ours."""
    files = (
        file for file in sources(package) if "django_import" not in file.parts and (not folder or folder in file.parts)
    )
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    constants = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def described(service: str) -> list[AdminResource]:
    """What a service shows the administration site."""
    router = application(service)
    (route,) = [one for one in api_routes(router) if one.path_format == ADMIN_PATH]
    assert isinstance(route.dependant.call, MethodType)
    description: AdminDescription = asyncio.run(route.dependant.call())
    return description.resources


def fields_of(service: str) -> set[str]:
    """The names of the columns that a service describes."""
    return {column.key for resource in described(service) for column in resource.columns}


def test_the_administration_site_names_no_list_and_no_field_of_a_service() -> None:
    names = {resource.name for service in SERVICES_WITH_SCHEMA for resource in described(service)}
    fields = {field for service in SERVICES_WITH_SCHEMA for field in fields_of(service)}
    assert len(names) > 9
    assert len(fields) > 40
    kinds = set(get_args(ColumnKind))
    assert not literals("web_service", "admin") & (names | fields) - kinds
    for template in PACKAGES["web_service"].rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.findall(rf"/admin/(?:{'|'.join(names)})/", text), template
        assert set(re.findall(r"values\.[^ }]+", text)) <= {"values.get(column.key)"}, template


def test_identity_shows_no_pages_and_knows_no_field_of_another_service() -> None:
    """HTML is what the contract names: the pages that end a sign-in at a provider, and mails."""
    folder = PACKAGES["identity_service"]
    assert not [file for file in folder.rglob("*") if file.suffix in {".html", ".css", ".js", ".svg"}]
    pages = {file.relative_to(folder).as_posix() for file in folder.rglob("*.py") if "<html" in file.read_text()}
    assert pages == {"oauth/callbacks.py"}
    own = fields_of("identity")
    foreign = {field for service in ("notes", "planner", "mcp") for field in fields_of(service)} - own
    # The name of a service, and what providers call a refusal.
    assert not literals("identity_service") & foreign - {"notes", "error"}


def test_web_loads_no_database_and_no_bus() -> None:
    program = "import sys, web_service.app; web_service.app.create_app(); print(*sys.modules)"
    environment = {"PATH": os.environ["PATH"], **KEY_SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"fastapi", "web_service"} <= loaded
    assert not loaded & {"sqlalchemy", "alembic", "psycopg", "psycopg_pool", "nats", "obstore"}


CONTEXT_OF_LOGS_AND_GUARDS = {"core/request_context.py", "core/logs.py", "core/network_guard.py"}


def test_no_rule_depends_on_a_context_variable() -> None:
    """What a rule needs is a parameter; only log lines and the guard of transactions know their context."""
    folder = PACKAGES["notechondria_shared"]
    users = {file for package in PACKAGES for file in sources(package) if "ContextVar" in file.read_text()}
    assert users == {folder / name for name in CONTEXT_OF_LOGS_AND_GUARDS}


@pytest.mark.parametrize("package", PACKAGES)
def test_an_application_keeps_one_typed_state(package: str) -> None:
    """What a service shares is in `app.state.service`, typed; Starlette's untyped bag holds nothing else."""
    for file in sources(package):
        assert not re.findall(r"\bapp\.state\b(?!\.service\b).*", file.read_text(encoding="utf-8")), file
