"""Links between documents lead to a file that exists, and to a heading or anchor in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tools.contract_sections import ROOT
from tools.docs_source import pages

LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!\w+:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SPAN = re.compile(r"`[^`\n]+`")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@cache
def anchors(page: Path) -> set[str]:
    """Anchors of a page: those written out, and those that its headings get."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    headings = (ANCHOR.sub("", heading).strip().lower() for heading in HEADING.findall(text))
    return {*ANCHOR.findall(text), *(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings)}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for link in LINK.finditer(SPAN.sub("code", CODE.sub("", page.read_text(encoding="utf-8")))):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        if not target.exists() or (link["anchor"] and link["anchor"] not in anchors(target)):
            yield link[0]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert not list(broken(page))


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text('# A `b.c` heading <a id="s1"></a>\n\n```\n# no heading\n```\n')
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#s1) [c](other.md#a-bc-heading) [d](https://x.org/y) [e](#own)\n\n## Own\n"
        "[f](none.md) [g](other.md#s2) [h](other.md#no-heading) [i](#none) `[j](args)` [`k`](lost.md)\n"
    )
    assert list(broken(page)) == [
        "[f](none.md)",
        "[g](other.md#s2)",
        "[h](other.md#no-heading)",
        "[i](#none)",
        "[code](lost.md)",
    ]
