"""The messages on the troubleshooting page are those that the code says, and its commands exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
CODE = ("cli", "deploy/launcher/notechondria_launcher", "shared", "services")
SCRIPTS = ("tools/bootstrap.sh",)
HOLE = "\x00"
"""Stands for what a message takes in."""


def _text(node: ast.expr) -> str | None:
    """A text of the code, with a hole for each value; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or HOLE for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return f"{_text(node.left) or HOLE}{_text(node.right) or HOLE}"
    return None


@cache
def texts() -> list[str]:
    """Every text of the code and of the scripts that people see."""
    found = [(ROOT / script).read_text(encoding="utf-8") for script in SCRIPTS]
    for folder in CODE:
        for file in (ROOT / folder).rglob("*.py"):
            if "tests" not in file.parts and "migrations" not in file.parts:
                tree = ast.parse(file.read_text(encoding="utf-8"))
                found += [text for node in ast.walk(tree) if isinstance(node, ast.expr) and (text := _text(node))]
    return found


def messages() -> list[str]:
    """What stands in quotes in the first column."""
    first = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| ")]
    return [quoted for cell in first for quoted in re.findall(r'"([^"]+)"', cell)]


def says(text: str, message: str) -> bool:
    """Whether a text of the code reads like the message: `...` is whatever stands there."""
    pieces = [re.escape(piece) for piece in message.split("...")]
    return re.search(".*?".join(pieces), text, re.DOTALL) is not None


def test_there_are_messages() -> None:
    assert len(messages()) > 20


@pytest.mark.parametrize("message", messages())
def test_the_code_says_each_message(message: str) -> None:
    assert any(says(text, message) for text in texts()), message


def test_a_message_that_nobody_says_is_noticed() -> None:
    assert not any(says(text, "Port ... is in use by a program of another kind.") for text in texts())
    assert not any(says(text, "The moon is full.") for text in texts())
