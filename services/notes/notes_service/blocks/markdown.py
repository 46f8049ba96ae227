"""Markdown to blocks and back (notes §6.2, §6.3). No text is lost on the way: what blocks render holds every line."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from notes_service.blocks.schemas import BlockDraft

# The lines that shape a text: headings, and the fences around code (CommonMark 0.31 §4.5).
_SHAPING = re.compile(
    r"^(?:(?P<marks>##?) (?P<heading>.*\S)[^\S\n]*| {0,3}(?P<fence>`{3,}|~{3,})(?P<after>.*))$", re.MULTILINE
)
_BACKTICKS = re.compile(r"\s*(`{3,})")
MOST_BLOCKS = 5000


def to_blocks(markdown: str, title: str) -> list[BlockDraft]:
    """The blocks of a text: its title first, then a heading block and a text block per section.

    The title is the text's own `# ` heading when it begins with one, else the note's title. Blank text has no blocks.
    What comes after the first `MOST_BLOCKS` blocks stays one text block.
    """
    drafts: list[BlockDraft] = []
    start = 0
    for match in _headings(markdown):
        if len(drafts) >= MOST_BLOCKS:
            break
        before, marks, heading = _without_blank_edges(markdown[start : match.start()]), match["marks"], match["heading"]
        if not drafts and (before or marks != "#"):
            drafts.append(BlockDraft("T", title))
        if before:
            drafts.append(BlockDraft("N", before))
        drafts.append(BlockDraft("T", heading.strip()) if marks == "#" else BlockDraft("S", heading.strip(), marks))
        start = match.end()
    if rest := _without_blank_edges(markdown[start:]):
        drafts += [BlockDraft("N", rest)] if drafts else [BlockDraft("T", title), BlockDraft("N", rest)]
    return drafts


def _headings(markdown: str) -> Iterator[re.Match[str]]:
    """The `# ` and `## ` lines outside of fenced code."""
    fence = ""
    for match in _SHAPING.finditer(markdown):
        if not fence:
            if match["marks"]:
                yield match
            else:
                fence = match["fence"]
        elif (match["fence"] or "").startswith(fence) and not match["after"].strip():
            fence = ""


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
    longest = max((len(match[1]) for line in text.split("\n") if (match := _BACKTICKS.match(line))), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def uncovered(content: str, rendered: str) -> str:
    """The lines of `content` that `rendered` does not hold in the same order, "" when it holds them all.

    Blanks do not count: how many there are is all that may change on the way through blocks.
    """
    positions: dict[str, list[int]] = {}
    for number, line in enumerate(rendered.split("\n")):
        positions.setdefault(" ".join(line.split()), []).append(number)
    missing: list[str] = []
    position = 0
    for line in content.split("\n"):
        words = " ".join(line.split())
        if not words:
            missing.append("")
            continue
        rendered_at = positions.get(words, [])
        nearest = bisect_left(rendered_at, position)
        if nearest < len(rendered_at):
            position = rendered_at[nearest] + 1
        else:
            missing.append(line)
    return _without_blank_edges(re.sub(r"\n{3,}", "\n\n", "\n".join(missing)))


def _without_blank_edges(text: str) -> str:
    """The text without blank lines around it; the first line keeps its indentation: it may be what makes it code."""
    before_first = text[: len(text) - len(text.lstrip())]
    return text[before_first.rfind("\n") + 1 :].rstrip()


def _pieces(block: BlockDraft, title: str) -> list[str]:
    text, args = block.text.strip(), (block.args or "").strip()
    lines = [line for line in text.splitlines() if line.strip()]
    piece = _without_blank_edges(block.text)
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
