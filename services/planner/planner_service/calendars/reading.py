"""A calendar as the week needs it: every entry with its start and end (planner §5.3), recurring ones year by year."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from planner_service.calendars.lines import MOST_ENTRIES, CalendarPart, Entry, Parts, split, unescape
from planner_service.calendars.series import Series, ZonesOf, is_floating, occurrences, window
from planner_service.calendars.values import duration, timestamp
from planner_service.calendars.zones import Zones, by_spelling

MOST_OCCURRENCES = 60_000
"""Of all series of a calendar in one year."""
LONGEST_TITLE = 500
LONGEST_NAME = 120
SHOWN = 10
ONE_OFF = 0
"""The "year" of what does not recur: it is stored whatever its date."""
_STAMP = re.compile(r"\d{8}T\d{6}Z?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_A_CALENDAR = "There is no calendar in it (BEGIN:VCALENDAR is missing)."
TOO_MANY_ENTRIES = f"The calendar has more than {MOST_ENTRIES:,} entries. The first of them are shown."

READING_VERSION = 2
"""Raised when the same text is read in another way than before: feeds are then read anew at their next turn, and a
migration sets pasted texts due."""

Row = tuple[int, int, int, str | None, bool]
"""Year (`ONE_OFF` for what does not recur), start and end in seconds since 1970 UTC, title, whether it is floating."""


class OutOfTimeError(BaseException):
    """The processor time of a reading is over; the text says so. Not an `Exception`: what mends a broken entry must not
    take it for one."""


@dataclass(slots=True)
class Reading:
    """What was read."""

    rows: list[Row] = field(default_factory=list)
    count: int = 0
    """Entries; a series counts once."""
    shown: list[str | None] = field(default_factory=list)
    """The titles of the first few, by start."""
    name: str = ""
    """What the calendar calls itself."""
    has_series: bool = False
    refresh_seconds: int | None = None
    """How long the publisher wants it to be kept."""
    skipped: int = 0
    """Entries that cannot be read."""
    skipped_reason: str | None = None
    """Why, of the first of them."""
    note: str | None = None
    """Why it was read in part only."""
    error: str | None = None
    """Why nothing could be read."""


def read(text: str, years: Sequence[int], *, must_be_calendar: bool) -> Reading:
    """Read a calendar; of what recurs, the occurrences that start (UTC) in `years`. Broken entries are left out.

    When the processor time is over (`OutOfTimeError`), what was read until then.
    """
    parts = split(text)
    if not parts.is_calendar and (must_be_calendar or not parts.entries):
        return Reading(error=NOT_A_CALENDAR)
    reading = Reading(
        name=next((name for part in parts.calendars if (name := part.text("NAME", "X-WR-CALNAME"))), "")[:LONGEST_NAME],
        refresh_seconds=_interval(
            part.text(name) for part in parts.calendars for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL")
        ),
        note=TOO_MANY_ENTRIES if parts.has_more else None,
    )
    contents = _Contents(parts)
    reading.skipped, reading.skipped_reason = contents.skipped, contents.skipped_reason
    reading.count, reading.has_series = len(contents.single) + len(contents.series), bool(contents.series)
    reading.rows = [(ONE_OFF, *row) for row in contents.single]
    try:
        reading.note = expand(reading.rows, contents.series, contents.zones_of, years) or reading.note
        # By the date of the first, so that what is shown of an import is what a person sees first.
        first = sorted(reading.rows, key=lambda row: row[1])
        seen: dict[str | None, None] = dict.fromkeys(row[3] for row in first)
        reading.shown = list(seen)[:SHOWN] or [_title(series.masters[0]) for series in contents.series[:SHOWN]]
    except OutOfTimeError as over:
        if not reading.rows:
            raise
        reading.note = f"{over} What was read until then is shown."
    return reading


def read_years(text: str, years: Sequence[int]) -> Reading:
    """Only what recurs, in further years."""
    contents = _Contents(split(text))
    reading = Reading()
    try:
        reading.note = expand(reading.rows, contents.series, contents.zones_of, years)
    except OutOfTimeError as over:
        reading.note = str(over)
    return reading


def expand(rows: list[Row], series: Iterable[Series], zones_of: ZonesOf, years: Sequence[int]) -> str | None:
    """Add the occurrences of series in each of `years` to `rows`; says so when there are more than can be kept.

    One series after the other, for all years at once: a reading that ends early has whole series.
    """
    spans = list(_spans(years))
    counts: Counter[int] = Counter()
    for one in series:
        if all(counts[year] > MOST_OCCURRENCES for year in years):
            break
        shown = {id(entry): (_title(entry), is_floating(entry, zones_of(entry))) for entry in one.entries}
        for first, last in spans:
            for start, end, entry in occurrences(one, zones_of, first, last):
                year = start.year
                counts[year] += 1
                if counts[year] <= MOST_OCCURRENCES:
                    rows.append((year, seconds(start), seconds(end), *shown[id(entry)]))
    full = next((year for year in sorted(counts) if counts[year] > MOST_OCCURRENCES), None)
    if full is None:
        return None
    return f"Its recurring entries occur more than {MOST_OCCURRENCES:,} times in {full}. The first of them are shown."


def _spans(years: Sequence[int]) -> Iterator[tuple[datetime, datetime]]:
    """The first and last instant of each run of years that follow each other."""
    run: list[int] = []
    for year in [*sorted(set(years)), None]:
        if run and (year is None or year != run[-1] + 1):
            yield datetime(run[0], 1, 1, tzinfo=UTC), datetime.combine(date(run[-1], 12, 31), time.max, UTC)
            run = []
        if year is not None:
            run.append(year)


def seconds(value: datetime) -> int:
    """Whole seconds since 1970, UTC."""
    return int(value.timestamp())


def from_seconds(value: int) -> datetime:
    """The time, UTC."""
    return _EPOCH + timedelta(seconds=value)


class _Contents:
    """The entries of a text, sorted out: what does not recur, settled, and the series with their exceptions."""

    def __init__(self, parts: Parts) -> None:
        everywhere = by_spelling(
            {name: lines for part in reversed(parts.calendars) for name, lines in part.zones.items()}
        )
        self._windows: dict[int, tuple[datetime, datetime]] = {}
        self._zones = [_zones(part, everywhere) for part in parts.calendars]
        self.single: list[tuple[int, int, str | None, bool]] = []
        self.series: list[Series] = []
        self.skipped = 0
        self.skipped_reason: str | None = None
        for entry in parts.unfinished:
            self._skip(entry, "it has no END:VEVENT")
        by_uid: dict[str, list[Entry]] = defaultdict(list)
        alone: list[Entry] = []
        for entry in parts.entries:
            if self._is_readable(entry):
                (by_uid[uid] if (uid := entry.text("UID")) else alone).append(entry)
        for group in by_uid.values():
            alone += self._take_group(group)
        for entry in alone:
            if _recurs(entry):
                self._keep_series([entry], [])
            elif not _cancelled(entry):
                start, end = self._windows[id(entry)]
                floats = is_floating(entry, self.zones_of(entry))
                self.single.append((seconds(start), seconds(end), _title(entry), floats))

    def zones_of(self, entry: Entry) -> Zones:
        """The zones of the calendar that an entry stands in."""
        return self._zones[entry.calendar]

    def _is_readable(self, entry: Entry) -> bool:
        if _cancelled(entry) and "RECURRENCE-ID" in entry.single:
            # One that is cancelled needs no start (RFC 5546 §3.2.5).
            entry.single.setdefault("DTSTART", entry.single["RECURRENCE-ID"])
        try:
            self._windows[id(entry)] = window(entry, self.zones_of(entry))
        except KeyError:
            self._skip(entry, "it has no DTSTART")
        except (ValueError, OverflowError):
            self._skip(entry, f"its {self._unreadable(entry)} cannot be read")
        else:
            return True
        return False

    def _skip(self, entry: Entry, why: str) -> None:
        self.skipped += 1
        if self.skipped_reason is None:
            self.skipped_reason = f"{(_title(entry) or 'An entry')[:80]}: {why}."

    def _unreadable(self, entry: Entry) -> str:
        for name in ("DTSTART", "DTEND"):
            try:
                if entry.text(name) or name == "DTSTART":
                    timestamp(entry.single[name], self.zones_of(entry))
            except (ValueError, OverflowError):
                return f"{name} ({entry.text(name)[:40]})"
        return f"DURATION ({entry.text('DURATION')[:40]})" if entry.text("DURATION") else "length"

    def _take_group(self, group: list[Entry]) -> list[Entry]:
        """Keep the series of one UID, once; what does not recur is returned, once for each start."""
        masters = [entry for entry in group if _recurs(entry)]
        exceptions = [entry for entry in group if not _recurs(entry) and "RECURRENCE-ID" in entry.single]
        plain = [entry for entry in group if not _recurs(entry) and "RECURRENCE-ID" not in entry.single]
        if masters:
            self._keep_series(self._once(masters, "DTSTART"), self._once(exceptions, "RECURRENCE-ID"))
        else:
            plain += exceptions  # an invitation to one day of somebody else's series
        return self._once(plain, "DTSTART")

    def _keep_series(self, masters: list[Entry], exceptions: list[Entry]) -> None:
        if masters := [entry for entry in masters if not _cancelled(entry)]:
            self.series.append(Series(masters, exceptions))

    def _once(self, entries: list[Entry], name: str) -> list[Entry]:
        """Of entries with one UID, the newest for each value of a property; of equally new ones the last."""
        if len(entries) < 2:
            return entries
        kept: dict[date | datetime, Entry] = {}
        for entry in entries:
            try:
                value = timestamp(entry.single[name], self.zones_of(entry))
            except (ValueError, OverflowError):
                continue
            if value not in kept or _revision(entry) >= _revision(kept[value]):
                kept[value] = entry
        return list(kept.values())


def _zones(part: CalendarPart, everywhere: Mapping[str, Sequence[str]]) -> Zones:
    return Zones(by_spelling(part.zones), everywhere, part.text("X-WR-TIMEZONE"))


def _recurs(entry: Entry) -> bool:
    return "RECURRENCE-ID" not in entry.single and ("RRULE" in entry.repeated or "RDATE" in entry.repeated)


def _sequence(entry: Entry) -> int:
    text = entry.text("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _revision(entry: Entry) -> tuple[int, str, str]:
    """Which is the newer of two (RFC 5546 §2.1.5): the number of the revision, else when it was made."""
    changed, made = (entry.text(name) for name in ("LAST-MODIFIED", "DTSTAMP"))
    return _sequence(entry), changed if _STAMP.fullmatch(changed) else "", made if _STAMP.fullmatch(made) else ""


def _cancelled(entry: Entry) -> bool:
    return entry.text("STATUS").upper() == "CANCELLED"


def _title(entry: Entry) -> str | None:
    return unescape(entry.text("SUMMARY"))[:LONGEST_TITLE] or None


def _interval(candidates: Iterable[str]) -> int | None:
    for candidate in candidates:
        length = duration(candidate)
        if length and length > timedelta(0):
            return int(length.total_seconds())
    return None
