"""Code that documents show comes from the source: `python -m tools.docs_source` writes it in, `--check` compares.

Above the block stands where it comes from, by the names of what is shown:

    <!-- source: services/identity/identity_service/accounts/schemas.py:VerifyEmail -->

A name is a class, a function or a constant of the module, `Class.method` one inside a class; several are separated by
commas. The lines are those of the file, with decorators, moved to the left where they are indented; blank
lines stand around what has several.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from itertools import pairwise
from pathlib import Path

from tools.contract_sections import ROOT

_BLOCK = re.compile(
    r"^<!-- source: (?P<file>\S+\.py):(?P<names>[\w.]+(?:, ?[\w.]+)*) -->\n```python\n(?P<shown>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARKER = re.compile(r"^<!-- source:", re.MULTILINE)


def source(root: Path, file: str, names: str) -> str:
    """The lines of `file` that define each of `names`; LookupError when one is not there."""
    path = root / file
    if not path.is_file():
        raise LookupError(f"{file} does not exist")
    text = path.read_text(encoding="utf-8")
    shown = [_definition(text, file, name.strip()) for name in names.split(",")]
    joined = shown[0]
    for before, after in pairwise(shown):
        joined += ("\n" if "\n" not in before + after else "\n\n\n") + after
    return joined + "\n"


def _definition(text: str, file: str, name: str) -> str:
    scope: ast.Module | ast.stmt = ast.parse(text)
    for part in name.split("."):
        body = scope.body if isinstance(scope, ast.Module | ast.ClassDef) else []
        inner = [node for node in body if part in _named(node)]
        if not inner:
            raise LookupError(f"{file} has no {name}")
        scope = inner[0]
    first, last = _lines(scope)
    return textwrap.dedent("\n".join(text.splitlines()[first - 1 : last]))


def _lines(node: ast.AST) -> tuple[int, int]:
    """The first and last line of a definition, its decorators among them."""
    starts = [
        one.lineno for one in (node, *getattr(node, "decorator_list", ())) if isinstance(one, ast.stmt | ast.expr)
    ]
    return min(starts), getattr(node, "end_lineno", None) or max(starts)


def _named(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()


def filled(page: str, root: Path = ROOT) -> str:
    """The page with every block as the source has it; ValueError for a marker without a block of Python below it."""
    if len(_MARKER.findall(page)) != len(_BLOCK.findall(page)):
        raise ValueError("a source marker is not `<!-- source: file.py:Name -->` above a block of Python")
    return _BLOCK.sub(lambda block: _with_source(block, root), page)


def _with_source(block: re.Match[str], root: Path) -> str:
    head = block[0].partition("```python\n")[0]
    return f"{head}```python\n{source(root, block['file'], block['names'])}```"


def pages(root: Path = ROOT) -> list[Path]:
    """Every document."""
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")])


def stale(root: Path = ROOT) -> list[tuple[Path, str]]:
    """(page, its text as it should be) of each page whose blocks are not those of the source."""
    texts = [(page, page.read_text(encoding="utf-8")) for page in pages(root)]
    return [(page, new) for page, text in texts if (new := filled(text, root)) != text]


def main() -> None:
    """Write the blocks, or with `--check` exit with 1 when one differs."""
    wrong = stale()
    if "--check" in sys.argv[1:]:
        if wrong:
            sys.exit(f"{', '.join(str(page.relative_to(ROOT)) for page, _ in wrong)}: run `make docs`")
        return
    for page, text in wrong:
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
