"""Markdown to blocks and back (notes §6.2, §6.3). No text is lost on the way: what blocks render holds every line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from notes_service.blocks.schemas import BlockDraft

_HEADING = re.compile(r"(##?) (.*\S)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BACKTICKS = re.compile(r"\s*(`{3,})")
_BLANK_EDGES = re.compile(r"\A(?:[^\S\n]*\n)+|\s+\Z")


def to_blocks(markdown: str, title: str) -> list[BlockDraft]:
    """The blocks of a text: its title first, then a heading block and a text block per section.

    The title is the text's own `# ` heading when it begins with one, else the note's title. Blank text has no blocks.
    """
    if not markdown.strip():
        return []
    drafts: list[BlockDraft] = []
    for marks, heading, body in _sections(markdown):
        if not drafts and marks != "#":
            drafts.append(BlockDraft("T", title))
        if marks == "#":
            drafts.append(BlockDraft("T", heading))
        elif marks:
            drafts.append(BlockDraft("S", heading, marks))
        if body:
            drafts.append(BlockDraft("N", body))
    return drafts


def _sections(markdown: str) -> Iterator[tuple[str, str, str]]:
    """(marks, heading, body) per section; the text before the first heading, if any, has no marks.

    Only `# ` and `## ` outside of fenced code begin a section.
    """
    marks, heading, fence = "", "", ""
    body: list[str] = []
    for line in markdown.split("\n"):
        found = None if fence else _HEADING.fullmatch(line.rstrip())
        if found:
            if marks or any(part.strip() for part in body):
                yield marks, heading, _BLANK_EDGES.sub("", "\n".join(body))
            marks, heading, body = found[1], found[2].strip(), []
            continue
        fence = _fence_after(fence, line)
        body.append(line)
    if marks or any(part.strip() for part in body):
        yield marks, heading, _BLANK_EDGES.sub("", "\n".join(body))


def _fence_after(fence: str, line: str) -> str:
    """The fence that is open after this line, "" for none (CommonMark 0.31 §4.5)."""
    found = _FENCE.match(line)
    if not found:
        return fence
    if not fence:
        return found[1]
    closes = found[1].startswith(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence


def to_markdown(blocks: Sequence[BlockDraft], title: str) -> str:
    """The markdown of a note with these blocks: a title first, pieces apart by one blank line."""
    pieces = [piece for block in blocks for piece in _pieces(block, title) if piece]
    if not any(block.block_type == "T" for block in blocks):
        pieces.insert(0, f"# {title}")
    return "\n\n".join(pieces)


def block_markdown(block: BlockDraft) -> str:
    """The markdown of a block by itself (notes §6.3, last paragraph)."""
    if block.block_type == "C":
        return _fenced(block.text, block.args or "")
    if block.block_type == "Q":
        quoted = [f"> {line}" for line in block.text.splitlines()]
        return "\n".join([*quoted, f"> -- cited from: {block.args}"] if block.args else quoted)
    return "\n".join(_pieces(block, ""))


def _fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks that begins a line of it."""
    longest = max((len(found[1]) for line in text.split("\n") if (found := _BACKTICKS.match(line))), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def uncovered(content: str, rendered: str) -> str:
    """The lines of `content` that `rendered` does not hold in the same order, "" when it holds them all.

    Blanks do not count: how many there are is all that may change on the way through blocks.
    """
    there = [" ".join(line.split()) for line in rendered.split("\n")]
    missing: list[str] = []
    position = 0
    for line in content.split("\n"):
        wanted = " ".join(line.split())
        if not wanted:
            missing.append("")
            continue
        try:
            position = there.index(wanted, position) + 1
        except ValueError:
            missing.append(line)
    return _BLANK_EDGES.sub("", re.sub(r"\n{3,}", "\n\n", "\n".join(missing)))


def _pieces(block: BlockDraft, title: str) -> list[str]:
    text, args = block.text.strip(), (block.args or "").strip()
    lines = [line for line in text.splitlines() if line.strip()]
    # The first line keeps its indentation: it may be what makes it code.
    piece = _BLANK_EDGES.sub("", block.text)
    match block.block_type:
        case "T":
            piece = f"# {text or title}"
        case "S" if text:
            piece = f"{args or '##'} {text}"
        case "U" if args:
            piece = f"[{text or args}]({args})"
        case "I" if args:
            piece = f"![{text}]({args})"
        case "C" if text:
            piece = _fenced(text, args)
        case "Q":
            piece = "\n".join(f"> {line}" for line in lines)
        case "L":
            return [f"- {line.strip()}" for line in lines]
    return [piece]
