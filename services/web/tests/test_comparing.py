"""Two texts side by side."""

from __future__ import annotations

import random
import time

from web_service.comparing import Line, Row, compare


def text(line: Line | None) -> str | None:
    return None if line is None else "".join(piece.text for piece in line.pieces)


def shown(rows: list[Row]) -> list[tuple[str | None, str | None, int]]:
    return [(text(row.before), text(row.after), row.skipped) for row in rows]


def test_lines_that_differ_stand_beside_one_another() -> None:
    rows = shown(compare("a\nb\nc", "a\nB\nc\nd"))
    assert rows == [("a", "a", 0), ("b", "B", 0), ("c", "c", 0), (None, "d", 0)]
    assert shown(compare("", "new")) == [(None, "new", 0)]
    assert compare("", "") == []


def test_what_is_the_same_for_long_is_left_out() -> None:
    lines = [str(number) for number in range(100)]
    rows = shown(compare("\n".join(lines), "\n".join([*lines[:50], "x", *lines[51:]])))
    assert rows[0] == (None, None, 47)
    assert rows[4] == ("50", "x", 0)
    assert rows[-1] == (None, None, 46)
    assert len(rows) == 9


def test_every_line_is_there_with_its_number() -> None:
    chance = random.Random(7)  # noqa: S311 - not for secrets
    for _ in range(50):
        before = [chance.choice("abcdef") for _ in range(chance.randrange(30))]
        after = [chance.choice("abcdef") for _ in range(chance.randrange(30))]
        rows = compare("\n".join(before), "\n".join(after))
        for row in rows:
            for line, side in ((row.before, before), (row.after, after)):
                if line is not None:
                    assert text(line) == side[line.number - 1]


def test_hostile_texts_take_no_longer_than_others() -> None:
    chance = random.Random(8)  # noqa: S311 - not for secrets
    before = "\n".join(str(chance.randrange(400)) for _ in range(20_000))
    after = "\n".join(str(chance.randrange(400)) for _ in range(20_000))
    began = time.process_time()
    compare(before, after)
    compare("x" * 1_000_000, "y".join(["x" * 500] * 2000))
    assert time.process_time() - began < 10


def test_lines_that_come_after_the_time_are_not_compared() -> None:
    before = "\n".join(f"{'ab' * 40}{number}" for number in range(6000))
    after = "\n".join(f"{'ba' * 40}{number * 7}" for number in range(6000))
    rows = compare(before, after, seconds=0)
    replaced = [row for row in rows if not row.is_same]
    assert len(replaced) >= 5900
    assert all(len(line.pieces) == 1 for row in replaced for line in (row.before, row.after) if line is not None)
    in_time = compare(before[:81], after[:81])
    assert any(not piece.is_changed for row in in_time if row.before is not None for piece in row.before.pieces)
