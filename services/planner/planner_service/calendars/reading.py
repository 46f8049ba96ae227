"""A calendar as the week needs it: every entry with its start and end (planner §5.3), recurring ones year by year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from planner_service.calendars.lines import Entry, TooMuch, split, unescape
from planner_service.calendars.series import Master, occurrences, window
from planner_service.calendars.values import Zones, duration

MOST_OCCURRENCES = 20_000
"""Of all series of a calendar in one year."""
LONGEST_TITLE = 500
SHOWN = 10
ONE_OFF = 0
"""The "year" of what does not recur: it is stored whatever its date."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_A_CALENDAR = "There is no calendar in it (BEGIN:VCALENDAR is missing)."

Row = tuple[int, int, int, str | None]
"""Year (`ONE_OFF` for what does not recur), start and end in seconds since 1970 UTC, title."""


@dataclass(slots=True)
class Reading:
    """What was read."""

    rows: list[Row] = field(default_factory=list)
    count: int = 0
    """Entries; a series counts once."""
    shown: list[str | None] = field(default_factory=list)
    """The titles of the first few, by start."""
    has_series: bool = False
    refresh_seconds: int | None = None
    """How long the publisher wants it to be kept."""
    error: str | None = None
    """Why nothing could be read."""


def read(text: str, years: Sequence[int], *, must_be_calendar: bool) -> Reading:
    """Read a calendar; of what recurs, the occurrences that start (UTC) in `years`. Broken entries are left out."""
    try:
        parts = split(text)
    except TooMuch as problem:
        return Reading(error=str(problem))
    if not parts.is_calendar and (must_be_calendar or not parts.entries):
        return Reading(error=NOT_A_CALENDAR)
    zones = Zones(parts.zones)
    single, masters = _sorted_out(parts.entries, zones)
    reading = Reading(
        count=len(single) + len(masters),
        has_series=bool(masters),
        refresh_seconds=_interval(parts.properties.get(name) for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL")),
    )
    reading.rows = [(ONE_OFF, *row) for row in single]
    try:
        reading.rows += expand(masters, zones, years)
    except TooMuch as problem:
        return Reading(error=str(problem))
    # By the date of the first, so that what is shown of an import is what a person sees first.
    seen: dict[str | None, None] = dict.fromkeys(row[3] for row in sorted(reading.rows, key=lambda row: row[1]))
    reading.shown = list(seen)[:SHOWN] or [_title(master.entry) for master in masters[:SHOWN]]
    return reading


def read_years(text: str, years: Sequence[int]) -> Reading:
    """Only what recurs, in further years."""
    try:
        parts = split(text)
        zones = Zones(parts.zones)
        return Reading(rows=expand(_sorted_out(parts.entries, zones)[1], zones, years))
    except TooMuch as problem:
        return Reading(error=str(problem))


def expand(masters: Iterable[Master], zones: Zones, years: Sequence[int]) -> list[Row]:
    """The occurrences of series in each of `years`; `TooMuch` when there are more than can be kept."""
    rows: list[Row] = []
    masters = list(masters)
    for year in years:
        count = 0
        for master in masters:
            for start, end, entry in occurrences(master, zones, year):
                rows.append((year, seconds(start), seconds(end), _title(entry)))
                count += 1
                if count > MOST_OCCURRENCES:
                    raise TooMuch(f"Its recurring entries occur more than {MOST_OCCURRENCES:,} times in {year}.")
    return rows


def seconds(value: datetime) -> int:
    """Whole seconds since 1970, UTC."""
    return (value - _EPOCH) // timedelta(seconds=1)


def from_seconds(value: int) -> datetime:
    """The time, UTC."""
    return _EPOCH + timedelta(seconds=value)


def _sorted_out(entries: list[Entry], zones: Zones) -> tuple[list[tuple[int, int, str | None]], list[Master]]:
    """What does not recur, settled (UID and start once, the newest counts), and the series with their exceptions."""
    by_uid: dict[str, list[Entry]] = defaultdict(list)
    alone: list[Entry] = []
    for entry in entries:
        if "DTSTART" in entry.single:
            (by_uid[uid] if (uid := entry.text("UID")) else alone).append(entry)
    masters: list[Master] = []
    for group in by_uid.values():
        series = [entry for entry in group if _recurs(entry)]
        exceptions = [entry for entry in group if not _recurs(entry) and "RECURRENCE-ID" in entry.single]
        plain = [entry for entry in group if not _recurs(entry) and "RECURRENCE-ID" not in entry.single]
        if series:
            newest = max(series, key=_sequence)
            masters += [Master(entry, exceptions if entry is newest else []) for entry in _once(series, zones)]
        else:
            plain += exceptions  # an invitation to one day of somebody else's series
        alone += _once(plain, zones)
    masters += [Master(entry, []) for entry in alone if _recurs(entry)]
    masters = [master for master in masters if not _cancelled(master.entry) and _readable(master.entry, zones)]
    rows = [
        (seconds(times[0]), seconds(times[1]), _title(entry))
        for entry in alone
        if not _recurs(entry) and not _cancelled(entry) and (times := _readable(entry, zones))
    ]
    return rows, masters


def _recurs(entry: Entry) -> bool:
    return "RECURRENCE-ID" not in entry.single and ("RRULE" in entry.repeated or "RDATE" in entry.repeated)


def _once(entries: list[Entry], zones: Zones) -> list[Entry]:
    """Of entries with one UID, the newest for each start."""
    kept: dict[datetime, Entry] = {}
    for entry in entries:
        times = _readable(entry, zones)
        if times and (times[0] not in kept or _sequence(entry) >= _sequence(kept[times[0]])):
            kept[times[0]] = entry
    return list(kept.values())


def _readable(entry: Entry, zones: Zones) -> tuple[datetime, datetime] | None:
    try:
        return window(entry, zones)
    except (ValueError, OverflowError):
        return None


def _sequence(entry: Entry) -> int:
    text = entry.text("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _cancelled(entry: Entry) -> bool:
    return entry.text("STATUS").upper() == "CANCELLED"


def _title(entry: Entry) -> str | None:
    return unescape(entry.text("SUMMARY"))[:LONGEST_TITLE] or None


def _interval(candidates: Iterable[object]) -> int | None:
    for candidate in candidates:
        length = duration(str(getattr(candidate, "value", "")))
        if length and length > timedelta(0):
            return int(length.total_seconds())
    return None
