"""Count `Any` per thousand lines: in annotations, subscripts and casts, by package.

    python -m tools.any_count [--json] [--max 3] [folder ...]

Without folders: services and shared, without their tests and migrations. With --max the exit code is 1 beyond it.
"""

import argparse
import ast
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("services", "shared")
_TYPING = {"typing", "typing_extensions"}
LEFT_OUT = {"tests", "migrations", "__pycache__"}


@dataclass(frozen=True)
class Count:
    """What was found in a package; ``per_thousand`` is rounded to two decimals."""

    package: str
    lines: int
    any: int
    per_thousand: float

    @classmethod
    def of(cls, package: str, lines: int, annotations: int) -> "Count":
        """Add the ratio."""
        return cls(package, lines, annotations, round(1000 * annotations / lines, 2) if lines else 0.0)


def count_any(source: str) -> int:
    """Return how often ``Any`` is used as a type, however it is imported; imports themselves do not count."""
    tree = ast.parse(source)
    names, modules = {"Any"}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in _TYPING:
            names |= {alias.asname for alias in node.names if alias.name == "Any" and alias.asname}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name in _TYPING}
    return sum(_uses(node, names, modules) for node in ast.walk(tree))


def _uses(node: ast.AST, names: set[str], modules: set[str]) -> int:
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr == "Any" and node.value.id in modules
    for annotation in _quoted(node):
        try:
            return sum(_uses(inner, names, modules) for inner in ast.walk(ast.parse(annotation, mode="eval")))
        except SyntaxError:
            return 0
    return 0


def _quoted(node: ast.AST) -> Iterable[str]:
    """Annotations that are written as text."""
    expressions: list[ast.expr | None] = []
    if isinstance(node, ast.arg | ast.AnnAssign):
        expressions.append(node.annotation)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        expressions.append(node.returns)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cast" and node.args:
        expressions.append(node.args[0])
    return [one.value for one in expressions if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def packages(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the source files below the folders, by the package they belong to: the topmost folder with __init__.py."""
    files: dict[str, list[Path]] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            if LEFT_OUT & set(file.relative_to(folder).parts):
                continue
            package = file.parent
            while (package.parent / "__init__.py").exists():
                package = package.parent
            files.setdefault(package.name, []).append(file)
    return files


def count(folders: Sequence[Path]) -> list[Count]:
    """Count in each package; the last entry is all together."""
    counts = []
    for package, files in sorted(packages(folders).items()):
        sources = [file.read_text(encoding="utf-8") for file in files]
        counts.append(Count.of(package, sum(len(text.splitlines()) for text in sources), sum(map(count_any, sources))))
    return [*counts, Count.of("total", sum(one.lines for one in counts), sum(one.any for one in counts))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; the exit code is 1 when there is more of it than --max allows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / name for name in FOLDERS])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--max", type=float, help="how many per thousand lines there may be, all together")
    options = parser.parse_args(arguments)
    counts = count(options.folders)
    if options.json:
        print(json.dumps([asdict(one) for one in counts], indent=2))
    else:
        for one in counts:
            print(f"{one.package:<24} {one.lines:>7} lines {one.any:>5} Any {one.per_thousand:>7.2f} per thousand")
    total = counts[-1]
    if options.max is not None and total.per_thousand > options.max:
        print(f"More than {options.max:g} per thousand lines.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
