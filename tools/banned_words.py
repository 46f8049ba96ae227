"""Words of a private language: the code says event, publish, consume, gateway, stack and dead letter instead.

    python -m tools.banned_words

Prints every place with file and line; the exit code is 1 when there is one. `docs/contract` holds the texts of the wire
and is left out, as are generated documents and this file.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTEAD = {
    r"facts?": "event",
    r"heard": "consumed",
    r"house": "stack",
    r"doors?": "gateway, endpoint",
    r"bur(y|ied|ies)": "dead-letter, mark as deleted",
    r"tomb": "tombstone",
    r"refuge": "fallback",
}
"""Word, as a pattern, and what to write."""
_ALLOWED = re.compile(r"\b(in fact|Mansion House)\b", re.IGNORECASE)
_KINDS = (".py", ".md", ".yaml", ".yml", ".conf", ".sh", ".go", ".env", "Makefile", "Dockerfile")
_LEFT_OUT = ("docs/contract/", "tools/banned_words.py", "tests/test_banned_words.py", "CHANGELOG.md")
_WORDS = re.compile(rf"\b({'|'.join(INSTEAD)})\b", re.IGNORECASE)


def banned(text: str) -> Iterator[tuple[int, str]]:
    """Line and word of each banned word in a text."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in _WORDS.finditer(_ALLOWED.sub("", line)):
            yield number, match[0]


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
    """Print what is found."""
    found = [
        f"{file.relative_to(ROOT)}:{number}: {word!r}, say {instead_of(word)}"
        for file in files(ROOT)
        for number, word in banned(file.read_text(encoding="utf-8"))
    ]
    print("\n".join(found) if found else "No banned words.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
