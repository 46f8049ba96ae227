"""Code in documents is the code of the source."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.contract_sections import ROOT
from tools.docs_source import filled, pages, source, stale

MODULE = '''"""A module."""

LIMIT = 5
SIZE: int = 6


class Box:
    """A box."""

    size: int = 1

    @property
    def wide(self) -> bool:
        """Whether."""
        return True


@cache
def make(
    size: int,
) -> Box:
    return Box()
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "box.py").write_text(MODULE)
    return tmp_path


def block(names: str, shown: str = "") -> str:
    return f"Text.\n\n<!-- source: box.py:{names} -->\n```python\n{shown}```\n\nMore.\n"


def test_no_document_shows_other_code() -> None:
    assert [page.relative_to(ROOT) for page, _ in stale()] == [], "run `make docs`"


def test_contributing_takes_its_code_from_the_source() -> None:
    text = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
    assert text.count("```python") == text.count("<!-- source: ") > 4
    assert ROOT / "docs/contract/notes.md" in pages()


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("LIMIT", "LIMIT = 5\n"),
        ("SIZE", "SIZE: int = 6\n"),
        ("make", "@cache\ndef make(\n    size: int,\n) -> Box:\n    return Box()\n"),
        ("Box.wide", '@property\ndef wide(self) -> bool:\n    """Whether."""\n    return True\n'),
        ("LIMIT, Box.size", "LIMIT = 5\nsize: int = 1\n"),
        ("LIMIT, Box.wide", 'LIMIT = 5\n\n\n@property\ndef wide(self) -> bool:\n    """Whether."""\n    return True\n'),
    ],
)
def test_a_name_is_shown_with_its_decorators(root: Path, names: str, code: str) -> None:
    assert source(root, "box.py", names) == code
    assert filled(block(names), root) == block(names, code)
    assert filled(block(names, "old\n\ncode\n"), root) == block(names, code)
    assert filled(block(names, code), root) == block(names, code)


@pytest.mark.parametrize(
    ("names", "reason"),
    [("Lid", r"box\.py has no Lid"), ("Box.deep", r"box\.py has no Box\.deep"), ("make.x", "no make.x")],
)
def test_a_name_that_is_gone_is_named(root: Path, names: str, reason: str) -> None:
    with pytest.raises(LookupError, match=reason):
        filled(block(names), root)


def test_a_file_that_is_gone_is_named(root: Path) -> None:
    with pytest.raises(LookupError, match=r"lid\.py does not exist"):
        source(root, "lid.py", "Lid")


@pytest.mark.parametrize(
    "text", ["<!-- source: box.py -->\n```python\n```\n", "<!-- source: box.py:LIMIT -->\nText.\n"]
)
def test_a_marker_needs_a_name_and_a_block(root: Path, text: str) -> None:
    with pytest.raises(ValueError, match="a source marker is not"):
        filled(text, root)


def test_pages_that_differ_are_found(root: Path) -> None:
    (root / "docs").mkdir()
    (root / "docs/good.md").write_text(block("LIMIT", "LIMIT = 5\n"))
    (root / "README.md").write_text(block("LIMIT", "LIMIT = 4\n"))
    assert stale(root) == [(root / "README.md", block("LIMIT", "LIMIT = 5\n"))]
