"""Two texts side by side: which lines differ, and what within them (diff-match-patch)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from diff_match_patch import diff_match_patch

from notechondria_shared.core.errors import Unavailable

SECONDS = 0.5
"""For one comparison: what is not compared by then counts as replaced."""
AT_ONCE = 2
BUSY = "Too many versions are being compared right now. Try again in a moment."
CONTEXT = 3
"""Lines that are the same and are shown around those that differ."""
MOST_ROWS = 3000
LONGEST_LINE = 2000
DELETED, SAME, INSERTED = -1, 0, 1
Diff = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line; what the other side does not have is changed."""

    text: str
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its number, from 1 on."""

    number: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of before beside one of after; `skipped` lines that are the same stand in place of both."""

    before: Line | None
    after: Line | None
    is_same: bool = False
    skipped: int = 0


class Comparisons:
    """Compares in threads, a few at a time."""

    def __init__(self) -> None:
        self._running = 0

    async def rows(self, before: str, after: str) -> tuple[list[Row], bool]:
        """Both texts beside one another, and whether that is all. 503 when too many are being compared."""
        if self._running >= AT_ONCE:
            raise Unavailable(BUSY, 2)
        self._running += 1
        try:
            rows = await asyncio.to_thread(compare, before, after)
        finally:
            self._running -= 1
        return rows[:MOST_ROWS], len(rows) <= MOST_ROWS


def compare(before: str, after: str, seconds: float = SECONDS) -> list[Row]:
    """All rows, those far from a difference left out. After `seconds`, what is left counts as replaced."""
    deadline = time.time() + seconds
    tool = diff_match_patch()
    # Each line as one character, so that whole lines are compared.
    shorter, longer, lines = tool.diff_linesToChars(before, after)
    diffs: list[Diff] = tool.diff_main(shorter, longer, False, deadline)
    tool.diff_charsToLines(diffs, lines)
    return list(_folded(_rows(tool, [(kind, _lines(piece)) for kind, piece in diffs], deadline)))


def _lines(piece: str) -> list[str]:
    lines = piece.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…" for line in lines]


def _rows(tool: diff_match_patch, diffs: list[tuple[int, list[str]]], deadline: float) -> Iterator[Row]:
    left = right = 0
    gone: list[str] = []
    come: list[str] = []
    for kind, lines in [*diffs, (SAME, [])]:
        if kind == DELETED:
            gone += lines
        elif kind == INSERTED:
            come += lines
        else:
            for index in range(max(len(gone), len(come))):
                old = gone[index] if index < len(gone) else None
                new = come[index] if index < len(come) else None
                yield _changed(tool, old, new, left + index + 1, right + index + 1, deadline)
            left, right = left + len(gone), right + len(come)
            gone, come = [], []
            for line in lines:
                left, right = left + 1, right + 1
                yield Row(Line(left, (Piece(line),)), Line(right, (Piece(line),)), is_same=True)


def _changed(tool: diff_match_patch, old: str | None, new: str | None, left: int, right: int, deadline: float) -> Row:
    if old is None or new is None:
        before = None if old is None else Line(left, (Piece(old, is_changed=True),))
        return Row(before, None if new is None else Line(right, (Piece(new, is_changed=True),)))
    if time.time() > deadline:
        return Row(Line(left, (Piece(old, is_changed=True),)), Line(right, (Piece(new, is_changed=True),)))
    diffs: list[Diff] = tool.diff_main(old, new, False, deadline)
    tool.diff_cleanupSemantic(diffs)
    return Row(
        Line(left, tuple(Piece(piece, kind == DELETED) for kind, piece in diffs if kind != INSERTED)),
        Line(right, tuple(Piece(piece, kind == INSERTED) for kind, piece in diffs if kind != DELETED)),
    )


def _folded(rows: Iterator[Row]) -> Iterator[Row]:
    """What is the same for long is left out, but for the lines around a difference."""
    same: list[Row] = []
    is_first = True
    for row in rows:
        if row.is_same:
            same.append(row)
            continue
        yield from _fold(same, head=0 if is_first else CONTEXT, tail=CONTEXT)
        same, is_first = [], False
        yield row
    yield from _fold(same, head=0 if is_first else CONTEXT, tail=0)


def _fold(same: list[Row], head: int, tail: int) -> Iterator[Row]:
    hidden = len(same) - head - tail
    if hidden <= 1:
        yield from same
        return
    yield from same[:head]
    yield Row(None, None, is_same=True, skipped=hidden)
    yield from same[len(same) - tail :]
