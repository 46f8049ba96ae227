"""What a list shows of a note's text (notes §3.3)."""

from __future__ import annotations

EXCERPT_LENGTH = 220
PREVIEW_LINES = 3


def excerpt(content: str, description: str | None) -> str:
    """At most 220 characters of the text without its title line; of the description when there is no text."""
    text = content.strip()
    if text.startswith("# "):
        _, _, rest = text.partition("\n")
        text = rest.strip() or text
    return text[:EXCERPT_LENGTH] or (description or "")[:EXCERPT_LENGTH]


def preview_lines(content: str) -> list[str]:
    """The first three non-blank lines without a title line, each cut to 220 characters (decision 6)."""
    preview: list[str] = []
    lines = (line for raw in content.splitlines() if (line := raw.strip()))
    for number, line in enumerate(lines):
        if number == 0 and line.startswith("# "):
            continue
        preview.append(line[:EXCERPT_LENGTH])
        if len(preview) == PREVIEW_LINES:
            break
    return preview


def count_words(markdown: str) -> int:
    """Whitespace-separated tokens (notes §9.1, decision 5)."""
    return len(markdown.split())
