"""Titles that are longer than a title may be (apps §8).

The newest apps send a note's first heading as its title, uncut, and keep a local draft after every refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

LONGEST = 100
ELLIPSIS = "…"
SEARCHED = 64 * 1024
"""Characters of a text in which its first heading is looked for."""
_MARKDOWN = MarkdownIt("commonmark")
_HEADING_BLOCKS = ("T", "S")


def fitted(body: Mapping[str, object]) -> Mapping[str, object]:
    """The body, its title cut when the first heading of what it brings begins with that title; else as it is."""
    title = body.get("title")
    if not isinstance(title, str) or len(title.strip()) <= LONGEST:
        return body
    sent = _plain(title)
    headings = (_plain(heading) for heading in (*_of_text(body), _of_blocks(body)) if heading)
    return {**body, "title": cut(title.strip())} if any(one.startswith(sent) for one in headings) else body


def cut(title: str) -> str:
    """At most `LONGEST` characters of the title, up to the end of a word where there is one, with an ellipsis."""
    head = title[: LONGEST - len(ELLIPSIS)]
    if not title[len(head)].isspace():
        # Within a word: it goes as a whole, unless there is nothing else.
        head = head.rpartition(" ")[0] or head
    return head.rstrip() + ELLIPSIS


def _of_text(body: Mapping[str, object]) -> tuple[str, str]:
    """The first heading as it is written, and as it is read, without marks of emphasis, code and links."""
    for name in ("content", "markdown"):
        if isinstance(text := body.get(name), str) and text.strip():
            tokens = _MARKDOWN.parse(text[:SEARCHED])
            for opened, inline in pairwise(tokens):
                if opened.type == "heading_open":
                    return inline.content, _read(inline)
            break
    return "", ""


def _read(inline: Token) -> str:
    return "".join(" " if part.type.endswith("break") else part.content for part in inline.children or ())


def _of_blocks(body: Mapping[str, object]) -> str:
    blocks = body.get("blocks")
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, dict) and block.get("block_type") in _HEADING_BLOCKS:
            return str(block.get("text") or "")
    return ""


def _plain(text: str) -> str:
    """The text as a reader compares it: white space is one blank."""
    return " ".join(text.split())
