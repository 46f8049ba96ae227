"""Words of a private language: the code says event, publish, consume, gateway, stack and dead letter instead.

    python -m tools.banned_words

Some words are banned wherever they stand, some only as names in Python code, where they say nothing of what they hold.
Prints each with file and line; the exit code is 1 when there is one. `docs/contract` holds the texts of the wire and is
left out, as are texts for agents and readers, migrations that have landed, and this file.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTEAD = {
    r"facts?": "event",
    r"hears?|heard": "consume, get",
    r"tells?|told|telling": "publish, say, report, return",
    r"ledger": "record, coverage",
    r"letterbox": "mail server",
    r"tellers?": "publisher",
    r"house": "stack",
    r"doors?": "gateway, endpoint",
    r"bur(y|ied|ies)": "dead-letter, mark as deleted",
    r"tomb": "tombstone",
    r"refuge": "fallback",
}
"""Word, as a pattern, and what to write."""
NAMES_INSTEAD = {
    "wanted": "body, query, expected",
    "given": "body, value, parameter",
    "moment": "at, timestamp",
    "moments": "timestamps",
    "found": "row, match, answer",
    "place": "position, address, folder",
    "places": "positions, slots",
    "fact": "event",
    "facts": "events",
    "told": "published, reported",
    "tell": "publish, report",
    "heard": "consumed",
    "together": "at_once, single_process",
}
"""A word in a name of the code, and what to write. Tests may call their cases as they like."""
# In English, names of others, methods of files (`tell`), and what a test of the protocol answers.
_ALLOWED = re.compile(r"\b(in fact|Mansion House|_file\.tell|def tell\(self\)|_text\(\"Told\.\"\))", re.IGNORECASE)
_KINDS = (".py", ".md", ".yaml", ".yml", ".conf", ".sh", ".go", ".env", "Makefile", "Dockerfile")
_LEFT_OUT = (
    "docs/contract/", "tools/banned_words.py", "tests/test_banned_words.py", "CHANGELOG.md",
    # Texts that people and agents read as they are.
    "services/notes/notes_service/template_courses/samples/", "services/mcp/mcp_service/guide/",
    "services/mcp/mcp_service/tools/notes.py",
)  # fmt: skip
_NAMES_LEFT_OUT = re.compile(r"(^|/)(tests|migrations)/")
_NOT_FOUND = re.compile(r"not_?found", re.IGNORECASE)  # the term of HTTP and of the protocols
_WORDS = re.compile(rf"\b({'|'.join(INSTEAD)})\b", re.IGNORECASE)


def banned(text: str) -> Iterator[tuple[int, str]]:
    """Line and word of each banned word in a text."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in _WORDS.finditer(_ALLOWED.sub("", line)):
            yield number, match[0]


def banned_names(code: str) -> Iterator[tuple[int, str]]:
    """Line and name of each variable, parameter, function and class of Python code that is called by a banned word."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case _:
                continue
        if name != "tell" and name_word(name):
            yield node.lineno, name


def name_word(name: str) -> str | None:
    """The banned word in a name, if there is one."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", _NOT_FOUND.sub("", name))
    return next((word.lower() for word in words if word.lower() in NAMES_INSTEAD), None)


def instead_of(word: str) -> str:
    """What to write for a banned word."""
    return next(text for pattern, text in INSTEAD.items() if re.fullmatch(pattern, word, re.IGNORECASE))


def files(root: Path) -> list[Path]:
    """The project's own texts, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],  # noqa: S607 - git by its name
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in listed.stdout.split("\0") if name.endswith(_KINDS) and not name.startswith(_LEFT_OUT)]
    return [root / name for name in names if (root / name).is_file()]


def main() -> int:
    """Print each banned word and name."""
    problems = []
    for file in files(ROOT):
        path, text = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
        problems += [f"{path}:{number}: {word!r}, say {instead_of(word)}" for number, word in banned(text)]
        if path.endswith(".py") and not _NAMES_LEFT_OUT.search(path):
            problems += [
                f"{path}:{number}: the name {name!r}, say {NAMES_INSTEAD[name_word(name) or '']}"
                for number, name in banned_names(text)
            ]
    print("\n".join(problems) if problems else "No banned words.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
