"""HTML of other programs as markdown: pages, notes of Evernote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

LONGEST = 4 * 1024 * 1024
"""Characters of HTML that are turned into markdown; a longer page stays as it is, which markdown allows."""
_DROPPED = ("script", "style", "noscript", "template", "iframe", "object", "embed")
_TASKS = re.compile(r"--?en-todo:\s*true")
_CHECKED = re.compile(r"--?en-checked:\s*true")
_CODE = re.compile(r"--?en-codeblock:\s*true")
"""Styles by which Evernote marks lists of tasks, the checked ones, and code, since its version 10."""
_AROUND_IMAGES = ["h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "a", "li", "b", "strong", "em", "i"]


def to_markdown(html: str, media: Mapping[str, str] | None = None) -> tuple[str, str]:
    """The markdown of a page, and its title; the page itself where it is too long or too deep to be taken apart."""
    if len(html) > LONGEST:
        return html, ""
    # Five megabytes that only an import of pages needs.
    from bs4 import Declaration, Doctype, ProcessingInstruction  # noqa: PLC0415
    from markdownify import MarkdownConverter  # noqa: PLC0415

    from notes_service.exchange.html_tree import TooDeep, tree_of  # noqa: PLC0415

    try:
        soup = tree_of(html)
    except TooDeep:
        return html, ""
    for tag in soup(_DROPPED):
        tag.decompose()
    # `<?xml ...?>` and `<!DOCTYPE ...>`, which the converter would take for text.
    for mark in soup.find_all(string=lambda text: isinstance(text, Declaration | Doctype | ProcessingInstruction)):
        mark.extract()
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    if soup.head:
        soup.head.decompose()
    _evernote_tags(soup, media or {})
    _what_markdown_lacks(soup)
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        escape_underscores=False,
        escape_asterisks=False,
        sub_symbol="<sub>",
        sup_symbol="<sup>",
        keep_inline_images_in=_AROUND_IMAGES,
    )
    return re.sub(r"\n{3,}", "\n\n", converter.convert_soup(soup)).strip(), title


def _evernote_tags(soup: BeautifulSoup, media: Mapping[str, str]) -> None:
    """Files and boxes of tasks as other pages have them; `media` are the paths of files by their hash."""
    for tag in soup("en-media"):
        path = media.get(str(tag.get("hash", "")).lower())
        if path is None:
            tag.unwrap()
            continue
        name = PurePosixPath(path).name
        if str(tag.get("type", "")).startswith("image/"):
            tag.replace_with(soup.new_tag("img", src=quote(path), alt=name))
        else:
            tag.replace_with(soup.new_tag("a", href=quote(path), string=name))
    for tag in soup("en-todo"):
        box = "[x] " if str(tag.get("checked", "")).lower() == "true" else "[ ] "
        tag.replace_with(box if tag.find_parent("li") else f"- {box}")
    for tag in soup("ul", style=_TASKS):
        for item in tag("li", recursive=False):
            item.insert(0, "[x] " if _CHECKED.search(str(item.get("style", ""))) else "[ ] ")
            if (line := item.find("div", recursive=False)) is not None:
                line.unwrap()
    for tag in soup("div", style=_CODE):
        lines = tag("div", recursive=False)
        text = "\n".join(line.get_text() for line in lines) if lines else tag.get_text()
        block = soup.new_tag("pre")
        block.string = text
        tag.replace_with(block)


def _what_markdown_lacks(soup: BeautifulSoup) -> None:
    """Boxes of forms as tasks, and bars within cells, which would end them (tables of GitHub Flavored Markdown)."""
    for box in soup("input", type="checkbox"):
        mark = "[x] " if box.has_attr("checked") else "[ ] "
        box.replace_with(mark if box.find_parent("li") else f"- {mark}")
    for cell in soup(("td", "th")):
        for text in cell.find_all(string=re.compile(r"\|")):
            text.replace_with(str(text).replace("\\|", "|").replace("|", "\\|"))
