"""Citations in code, tests and documents: one grammar, and each leads to something that exists.

`identity §7.3`, `notes §5.5`, `planner §2`, `mcp §5.2` are sections of docs/contract/, `decision 27` is a row of its
decisions.md, `ADR 0004` a record of docs/decisions/. A further section of the same page may follow on the same line by
its number alone: `identity §7.5, §7.7`. In docs/contract/ a number alone means the page itself. Sections of foreign
standards name them first: `RFC 9110 §13`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from tools.contract_sections import CONTRACTS, ROOT, sections

FOLDERS = ("bench", "cli", "deploy", "docs", "gateway", "scripts", "services", "shared", "tests", "tools")
SUFFIXES = frozenset({".css", ".go", ".html", ".js", ".json", ".md", ".mako", ".py", ".sh", ".toml", ".yaml", ".yml"})
LEFT_OUT = frozenset({"docs/contract/coverage.md", "tests/test_citations.py", "tools/citations.py"})
"""What is generated from citations, and what shows wrong ones on purpose."""

_STANDARD = r"RFC \d+|CommonMark [\d.]+"
_SECTION = re.compile(rf"(?:\b(?P<source>{_STANDARD}|[A-Za-z]+(?:\.md)?) )?§(?P<number>\d+(?:\.\d+)*)")
_ROW = re.compile(r"\b(?P<word>[Dd]ecisions?) (?P<number>\d+)\b")
_RECORD = re.compile(r"\bADR[ -]?(?P<number>\d+)\b")
_FOREIGN = re.compile(rf"(?:{_STANDARD})")
_LINKING = frozenset({"and", "as", "by", "in", "of", "or", "see", "the", "to", "under", "with"})
"""Words that may stand before a number alone; any other word is taken for the name of a page."""


def wrong_citations(text: str, known: Collection[str], page: str | None = None) -> Iterator[tuple[int, str]]:
    """(line, citation) of what resolves to nothing; `page` is the contract that a number alone means, if any."""
    for at, line in enumerate(text.splitlines(), start=1):
        yield from ((at, citation) for citation in _of_line(line, page) if citation not in known)


def _of_line(line: str, page: str | None) -> Iterator[str]:
    last = page
    for match in _SECTION.finditer(line):
        named = match["source"]
        if named is not None and named.lower() not in _LINKING and (page is None or _is_page(named)):
            last = named
        if last is None:
            yield f"§{match['number']} of no page"
        elif not _FOREIGN.fullmatch(last):
            yield f"{last} §{match['number']}"
    for match in _ROW.finditer(line):
        yield f"{match['word'].lower()} {match['number']}"
    for match in _RECORD.finditer(line):
        yield match[0]


def _is_page(word: str) -> bool:
    """In docs/contract/ any word may stand before a number: "unless §12 says otherwise"."""
    return word.removesuffix(".md").lower() in CONTRACTS or _FOREIGN.fullmatch(word) is not None


def files(root: Path = ROOT) -> Iterator[Path]:
    """The files whose citations are looked at: code, tests, documents, configuration."""
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in SUFFIXES and file.is_file() and file.relative_to(root).as_posix() not in LEFT_OUT:
                yield file
    yield from (file for file in sorted(root.glob("*")) if file.suffix in SUFFIXES and file.is_file())


def all_wrong_citations(root: Path = ROOT) -> list[str]:
    """`file:line: citation` of every citation that resolves to nothing."""
    known = sections(root)
    broken = []
    for file in files(root):
        path = file.relative_to(root)
        page = path.stem if path.parent == Path("docs/contract") and path.stem in CONTRACTS else None
        for line, citation in wrong_citations(file.read_text(encoding="utf-8"), known, page):
            broken.append(f"{path}:{line}: {citation}")
    return broken
