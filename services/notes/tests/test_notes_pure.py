"""Pure functions: blocks, summaries, slugs, ranking."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notechondria_shared.core.errors import Unavailable
from notes_service.blocks.markdown import to_blocks, to_markdown
from notes_service.blocks.schemas import BlockDraft, clean_text
from notes_service.inbox.slugs import slugify
from notes_service.search.pool import SearchPool
from notes_service.text.summary import excerpt, preview_lines
from notes_service.values import BLOCK_TYPES

LINES = st.lists(
    st.sampled_from(["# A", "## B", "### C", "```python", "```", "~~~~", "# in code", "    indented", "text", "", "  "])
    | st.text(max_size=12),
    max_size=14,
)


def kinds(markdown: str, title: str = "Title") -> list[tuple[str, str]]:
    return [(block.block_type, block.text) for block in to_blocks(markdown, title)]


@pytest.mark.contract("notes §6.2")
@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("", []),
        (" \n ", []),
        ("# A", [("T", "A")]),
        ("# A\n\ntext", [("T", "A"), ("N", "text")]),
        ("text", [("T", "Title"), ("N", "text")]),
        ("text\n\n# A\nmore", [("T", "Title"), ("N", "text"), ("T", "A"), ("N", "more")]),
        ("# A\n\n## B\n\none\n\ntwo\n\n## C", [("T", "A"), ("S", "B"), ("N", "one\n\ntwo"), ("S", "C")]),
        ("## B\nx", [("T", "Title"), ("S", "B"), ("N", "x")]),
        ("# A\n\n```sh\n# no heading\n```", [("T", "A"), ("N", "```sh\n# no heading\n```")]),
        ("#A\n### C", [("T", "Title"), ("N", "#A\n### C")]),
        ("# A\r\ntext\r\n", [("T", "A"), ("N", "text")]),
    ],
)
def test_markdown_becomes_blocks(markdown: str, blocks: list[tuple[str, str]]) -> None:
    assert kinds(markdown) == blocks


@pytest.mark.contract("notes §6.2")
@settings(deadline=None)
@given(LINES)
def test_no_text_is_lost_on_the_way_to_blocks_and_back(lines: list[str]) -> None:
    markdown = "\n".join(lines)
    rendered = to_markdown(to_blocks(markdown, "Title"), "Title")
    before, after = "".join(markdown.split()), "".join(rendered.split())
    assert after in {before, f"#Title{before}"}


@pytest.mark.contract("notes §6.3")
@settings(deadline=None)
@given(LINES)
def test_rendering_again_changes_nothing_more(lines: list[str]) -> None:
    once = to_markdown(to_blocks("\n".join(lines), "Title"), "Title")
    assert "".join(to_markdown(to_blocks(once, "Title"), "Title").split()) == "".join(once.split())


@pytest.mark.contract("notes §6.3")
@pytest.mark.parametrize("kind", BLOCK_TYPES)
def test_a_blank_block_leaves_no_gap(kind: str) -> None:
    rendered = to_markdown([BlockDraft("N", "a"), BlockDraft(kind, " "), BlockDraft("N", "b")], "Title")
    expected = "a\n\n# Title\n\nb" if kind == "T" else "# Title\n\na\n\nb"
    assert rendered == expected


@pytest.mark.contract("notes §6.3")
def test_no_blocks_are_the_title() -> None:
    assert to_markdown([], "Title") == "# Title"


@pytest.mark.contract("notes §6.1", "decision 16")
def test_line_breaks_of_block_text_are_cleaned() -> None:
    assert clean_text("T", "a\r\n\nb\nc") == "a b c"
    assert clean_text("N", "a\r\nb\n\n\nc\nd") == "a\nb\nc\nd"


@pytest.mark.contract("notes §3.3")
@pytest.mark.parametrize(
    ("content", "description", "expected"),
    [
        ("", None, ""),
        ("", "d" * 300, "d" * 220),
        ("text", "d", "text"),
        ("# T\n\n body ", "d", "body"),
        ("# T", "d", "# T"),
        ("## T\nbody", "d", "## T\nbody"),
        ("x" * 300, "d", "x" * 220),
    ],
)
def test_an_excerpt_is_the_start_of_the_text(content: str, description: str | None, expected: str) -> None:
    assert excerpt(content, description) == expected


@pytest.mark.contract("notes §3.3", "decision 6")
def test_preview_lines_are_three_lines_without_the_title() -> None:
    assert preview_lines("# T\n\n  a  \n\nb\nc\nd") == ["a", "b", "c"]
    assert preview_lines("\n a\n# T") == ["a", "# T"]
    assert preview_lines("# T") == []
    assert preview_lines("x" * 300) == ["x" * 220]


@pytest.mark.contract("notes §4.5")
@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Linear Algebra", "linear-algebra"),
        ("  C++ & Rust -- 2026_q1 ", "c-rust-2026-q1"),
        ("Éclair", "eclair"),
        ("数学", "local-course"),
        ("!!!", "local-course"),
        ("x" * 120, "x" * 100),
        ("x" * 99 + " y", "x" * 99),
    ],
)
def test_a_slug_is_ascii(title: str, slug: str) -> None:
    assert slugify(title) == slug


def test_search_pool_refuses_when_full() -> None:
    async def crowd() -> None:
        pool = SearchPool(1, 0)
        gate = threading.Event()
        first = asyncio.ensure_future(pool.run(gate.wait, 10))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await pool.run(int, 1)
        gate.set()
        assert await first is True
        assert await pool.run(int, 1) == 1
        pool.close()

    asyncio.run(crowd())
