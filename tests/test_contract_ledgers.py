"""Every row of the contract names the tests that show it (services/*/tests/contract.md), and the tests exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEDGERS = sorted(ROOT.glob("services/*/tests/contract.md"))
NAMED = re.compile(r"`([^`\s]+\.py)::([^`\s]+)`")


@cache
def names_in(file: Path) -> frozenset[str]:
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def rows(ledger: Path) -> list[tuple[str, str]]:
    """(row, tests) of every table line."""
    lines = [line for line in ledger.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert all(len(line) == 2 for line in cells), [line for line in cells if len(line) != 2]
    return [(line[0], line[1]) for line in cells if line[0] not in {"Row", "---"}]


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: ledger.parent.parent.name)
def test_every_row_names_tests_that_exist(ledger: Path) -> None:
    found = rows(ledger)
    assert len(found) > 40
    for row, shown in found:
        if shown.startswith("not asked: "):
            assert len(shown) > len("not asked: "), row
            continue
        named = NAMED.findall(shown)
        assert named, row
        for file, name in named:
            path = ROOT / file if "/" in file else ledger.parent / file
            assert path.is_file(), (row, file)
            assert name in names_in(path), (row, f"{file}::{name}")


def test_every_service_has_a_ledger() -> None:
    assert [ledger.parent.parent.name for ledger in LEDGERS] == ["identity", "mcp", "notes", "planner"]
