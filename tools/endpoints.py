"""Which file answers which path: `python -m tools.endpoints` writes docs/endpoints.md.

The routes are read from the source (ast): `Router(prefix)` or `api_router(prefix)`, the decorators of its functions,
`include_router` of one router in another, `[Route(path, endpoint=...) for path in (...)]`, and the actions of
`AdminTable`s. Nothing is imported, so the page needs no service to start. What an endpoint is for is the first sentence
of its docstring. A test compares the page with the routes that FastAPI has.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

from tools.contract_sections import ROOT
from tools.pages import first_sentence, main

PAGE = "docs/endpoints.md"
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
_CONVERTOR = re.compile(r"\{(\w+):\w+\}")


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One method of one path; `function` answers it, in `file` (from the root), of the given service."""

    path: str
    method: str
    service: str
    file: str
    function: str
    purpose: str


@dataclass(frozen=True, slots=True)
class _Module:
    """A module's routers: their prefixes by name, which other ones they include, and the routes of each."""

    prefixes: Mapping[str, str]
    includes: tuple[tuple[str, str], ...]
    """(the router that includes, the included one as `module.name`)."""
    routes: tuple[tuple[str, Endpoint], ...]
    """(the router's name, the endpoint with its path below the prefix)."""


def endpoints(root: Path = ROOT) -> list[Endpoint]:
    """Every endpoint, sorted by path; those in shared code, which several services answer, belong to `shared`."""
    packages = sorted([*root.glob("services/*/*_service"), root / "shared/library/notechondria_shared"])
    trees = {file: _parsed(file) for one in packages for file in sorted(one.rglob("*.py"))}
    agreed = [_parsed(file) for file in sorted((root / "shared/contracts").rglob("*.py"))]
    constants = _constants([*agreed, *trees.values()])
    makers = _makers(trees.values(), constants)
    tables = {one: _tables(tree for file, tree in trees.items() if file.is_relative_to(one)) for one in packages}
    admin = constants.get("ADMIN_PATH", "")
    modules = {
        file: _read(tree, constants, makers, {name: f"{admin}/{kind}" for name, kind in tables[one].items()})
        for one in packages
        for file, tree in trees.items()
        if file.is_relative_to(one)
    }
    outer = {
        (file.parent / f"{name.partition('.')[0]}.py", name.partition(".")[2]): module.prefixes[router]
        for file, module in modules.items()
        for router, name in module.includes
    }
    rows = []
    for file, module in modules.items():
        service = file.relative_to(root).parts[1] if file.is_relative_to(root / "services") else "shared"
        for router, endpoint in module.routes:
            path = outer.get((file, router), "") + module.prefixes.get(router, "") + endpoint.path
            where = file.relative_to(root).as_posix()
            rows.append(replace(endpoint, path=_CONVERTOR.sub(r"{\1}", path), service=service, file=where))
    return sorted(rows)


def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _tables(trees: Iterable[ast.Module]) -> dict[str, str]:
    """The lists that a package shows the administration site, by the names of their `AdminTable`s."""
    return {
        node.targets[0].id: kind
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_call(node.value, "AdminTable")
        if (kind := _keyword(node.value.args[0], "name"))
    }


def _keyword(node: ast.expr, name: str) -> str:
    """A text that a call is given by name; empty when it is not written out there."""
    values = [one.value for one in node.keywords if one.arg == name] if isinstance(node, ast.Call) else []
    return str(values[0].value) if values and isinstance(values[0], ast.Constant) else ""


def _constants(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Texts that modules give names to; paths may stand in any of them."""
    return {
        target.id: node.value.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _makers(trees: Iterable[ast.Module], constants: Mapping[str, str]) -> dict[str, str]:
    """Functions that make a router for their caller, and its prefix."""
    return {
        node.name: prefix
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for prefix in _routers(node, constants, {}).values()
    }


def _routers(scope: ast.AST, constants: Mapping[str, str], makers: Mapping[str, str]) -> dict[str, str]:
    """The routers that are made and named in a scope, with their prefixes."""
    prefixes_of = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            made_by = ast.unparse(node.value.func)
            if made_by in {"Router", "api_router"}:
                named = [one.value for one in node.value.keywords if one.arg == "prefix"]
                prefixes = [_text(one, constants) for one in (*node.value.args[:1], *named)]
                prefixes_of[node.targets[0].id] = "".join(prefixes)
            elif made_by in makers:
                prefixes_of[node.targets[0].id] = makers[made_by]
    return prefixes_of


def _read(
    tree: ast.Module, constants: Mapping[str, str], makers: Mapping[str, str], tables: Mapping[str, str]
) -> _Module:
    own = {**constants, **_constants([tree])}
    prefixes = _routers(tree, own, makers)
    includes: list[tuple[str, str]] = []
    routes: list[tuple[str, Endpoint]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "include_router":
            if (router := ast.unparse(node.func.value)) in prefixes:
                includes.append((router, ast.unparse(node.args[0])))
        elif isinstance(node, ast.ListComp) and _is_call(node.elt, "Route"):
            (answering,) = (ast.unparse(one.value) for one in node.elt.keywords if one.arg == "endpoint")
            purpose = _purpose_of_class(tree, answering)
            routes += [
                ("", Endpoint(path, "any", "", "", answering.removesuffix("()"), purpose))
                for path in ast.literal_eval(node.generators[0].iter)
            ]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            purpose = first_sentence(ast.get_docstring(node))
            for decorator in node.decorator_list:
                for router, method, path in (*_declared(decorator, prefixes, own), *_acting(decorator, tables)):
                    routes.append((router, Endpoint(path, method, "", "", node.name, purpose)))
    return _Module(prefixes, tuple(includes), tuple(routes))


def _purpose_of_class(tree: ast.Module, made: str) -> str:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and made == f"{node.name}()"]
    return first_sentence(ast.get_docstring(classes[0])) if classes else ""


def _is_call(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


def _declared(
    decorator: ast.expr, prefixes: Mapping[str, str], constants: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """(router, method, path) that a decorator declares."""
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return
    router, verb = ast.unparse(decorator.func.value), decorator.func.attr
    if router not in prefixes:
        return
    path = _text(decorator.args[0], constants)
    if verb in _VERBS:
        yield router, verb.upper(), path
    elif verb == "api_route":
        yield router, "any", path


def _acting(decorator: ast.expr, tables: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(no router, POST, path) of what a decorator declares as an action or creation of an `AdminTable`."""
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return
    table, verb = ast.unparse(decorator.func.value), decorator.func.attr
    if table in tables and verb == "creation":
        yield "", "POST", tables[table]
    elif table in tables and verb == "action":
        yield "", "POST", f"{tables[table]}/{{key}}/{_keyword(decorator.args[0], 'name')}"


def _text(node: ast.expr, constants: Mapping[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    raise ValueError(f"a path is written out or a constant of its module, not {ast.unparse(node)}")


def markdown(root: Path = ROOT) -> str:
    """The text of docs/endpoints.md."""
    rows = endpoints(root)
    lines = [
        "# Endpoints",
        "",
        "Generated by `make docs` from the routes in the code; do not edit by hand.",
        "",
        "A path leads to the function that answers it; its docstring cites the section of the contract. Bodies and",
        "answers are in the API documentation (`/api/v1/docs/` of a running deployment). The gateway never routes",
        "`/internal/*`. Where the service is `shared`, every service that includes the router answers. Endpoints that",
        "a function makes for its caller, as `admin_router` does, are not listed.",
        "",
        "## Which part answers which path",
        "",
        "| Path and what is below it | Service | Folder |",
        "| --- | --- | --- |",
    ]
    folders: dict[tuple[str, str], set[Path]] = defaultdict(set)
    for one in rows:
        if not one.path.startswith("/internal"):
            folders[_area(one.path), one.service].add(Path(one.file).parent)
    for (area, service), inside in sorted(folders.items()):
        # A feature may have folders of its own: it is named by its path below the service's package.
        (package,) = {next(one for one in (folder, *folder.parents) if _is_package(one)) for folder in inside}
        names = ", ".join(f"`{folder.relative_to(package)}`" for folder in sorted(inside))
        lines.append(f"| `{area}` | {service} | {names} in `{package}` |")
    for title, internal in (("From outside", False), ("Between services", True)):
        lines += [
            "",
            f"## {title}",
            "",
            "| Path | Method | Service | Answered by | For |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| `{one.path}` | {one.method} | {one.service} | `{one.file}`: `{one.function}` | {one.purpose} |"
            for one in rows
            if one.path.startswith("/internal") is internal
        ]
    return "\n".join(lines) + "\n"


def _is_package(folder: Path) -> bool:
    return folder.parent.parent.name == "services" or folder.parent.name == "notechondria_shared"


def _area(path: str) -> str:
    """The first part of a path; below /api/v1/ the first after it."""
    parts = [part for part in path.split("/") if part]
    return "".join(f"/{part}" for part in parts[: 3 if parts[:2] == ["api", "v1"] else 1]) or "/"


if __name__ == "__main__":
    main(PAGE, markdown)
