"""Pictures of the overview: the year as a heatmap, and a bar of what takes up room. Colours are the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup, escape

from web_service.site.texts import text

CELL, GAP = 11, 2
STEP = CELL + GAP
LEFT, TOP = 28, 16
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ((0, "Mon"), (2, "Wed"), (4, "Fri"))
BAR_WIDTH, BAR_HEIGHT = 1000, 24
_SVG = Markup('<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">')


def heatmap(first_day: str, days: Sequence[int]) -> Markup:
    """A year of days, a column for each week; the days on which something was written name themselves.

    Written out piece by piece: escaping each of its numbers would cost as much as the rest of the page.
    """
    if not days:
        return Markup("")
    first = date.fromisoformat(first_day)
    shift, said = first.weekday(), text("heatmap", "day")
    pieces: list[str] = []
    month = 0
    for number, day in enumerate(days):
        at, (week, weekday) = first + timedelta(days=number), divmod(number + shift, 7)
        x, y, level = LEFT + week * STEP, TOP + weekday * STEP, min(max(day, 0), 4)
        title = f"<title>{escape(said.format(day=at.isoformat(), level=level))}</title>" if level else ""
        pieces.append(f'<rect class="h{level}" x="{x}" y="{y}" width="{CELL}" height="{CELL}" rx="2">{title}</rect>')
        if at.month != month and at.day <= 7:
            pieces.append(_label(x, TOP - 5, MONTHS[at.month - 1]))
            month = at.month
    pieces += [_label(0, TOP + weekday * STEP + CELL - 2, words) for weekday, words in WEEKDAYS]
    active = sum(1 for day in days if day)
    label = text("heatmap", "label").format(active=active, days=len(days))
    width, height = LEFT + ((len(days) + shift + 6) // 7) * STEP, TOP + 7 * STEP
    drawn = Markup("".join(pieces))  # noqa: S704 - numbers, and words of ours
    return _SVG.format(width=width, height=height, label=label) + drawn + Markup("</svg>")


def _label(x: int, y: int, words: str) -> str:
    return f'<text x="{x}" y="{y}">{words}</text>'


def bar(sizes: Sequence[int], label: str) -> Markup:
    """Sizes as parts of a whole, in the order of their classes `s0`, `s1`, ..."""
    whole = sum(sizes)
    pieces: list[Markup] = []
    x = 0.0
    for number, size in enumerate(sizes):
        width = BAR_WIDTH * size / whole if whole else 0
        rect = Markup('<rect class="s{number}" x="{x:.1f}" y="0" width="{width:.1f}" height="{height}"/>')
        pieces.append(rect.format(number=number, x=x, width=width, height=BAR_HEIGHT))
        x += width
    frame = Markup('<svg viewBox="0 0 {w} {h}" preserveAspectRatio="none" ')
    tail = Markup('role="img" aria-label="{label}">{pieces}</svg>')
    return frame.format(w=BAR_WIDTH, h=BAR_HEIGHT) + tail.format(label=label, pieces=Markup("").join(pieces))
