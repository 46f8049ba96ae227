"""Pictures of the overview: the year as a heatmap, and a bar of what takes up room. Colours are the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from notechondria_contracts.internal.planner import HeatmapDay
from web_service.site.texts import text

CELL, GAP = 11, 2
STEP = CELL + GAP
LEFT, TOP = 28, 16
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BAR_WIDTH, BAR_HEIGHT = 1000, 24
_ROW = Markup('<rect class="h{level}" x="{x}" y="{y}" width="{size}" height="{size}" rx="2">{title}</rect>')
_TITLE = Markup("<title>{}</title>")
_LABEL = Markup('<text x="{x}" y="{y}">{words}</text>')
_SVG = Markup('<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">')


def heatmap(days: Sequence[HeatmapDay]) -> Markup:
    """A year of days, a column for each week; the days on which something was written name themselves."""
    if not days:
        return Markup("")
    first = date.fromisoformat(days[0].date)
    shift = first.weekday()
    pieces: list[Markup] = []
    month = 0
    for number, day in enumerate(days):
        at, (week, weekday) = date.fromisoformat(day.date), divmod(number + shift, 7)
        x, y = LEFT + week * STEP, TOP + weekday * STEP
        title = _TITLE.format(text("heatmap", "day").format(day=day.date, level=day.intensity)) if day.intensity else ""
        pieces.append(_ROW.format(level=min(max(day.intensity, 0), 4), x=x, y=y, size=CELL, title=title))
        if at.month != month and at.day <= 7:
            pieces.append(_LABEL.format(x=x, y=TOP - 5, words=MONTHS[at.month - 1]))
            month = at.month
    for weekday, words in ((0, "Mon"), (2, "Wed"), (4, "Fri")):
        pieces.append(_LABEL.format(x=0, y=TOP + weekday * STEP + CELL - 2, words=words))
    active = sum(1 for day in days if day.intensity)
    label = text("heatmap", "label").format(active=active, days=len(days))
    width, height = LEFT + ((len(days) + shift + 6) // 7) * STEP, TOP + 7 * STEP
    return _SVG.format(width=width, height=height, label=label) + Markup("").join(pieces) + Markup("</svg>")


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
