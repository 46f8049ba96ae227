"""The time zones of a calendar: as the file defines them, else by their name (RFC 5545 §3.6.5, planner §5.3)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from notechondria_shared.core.timestamps import now
from planner_service.calendars.lines import zone_name

_IANA = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
# Exchange calls a zone as Windows shows it: "(UTC+01:00) Amsterdam, Berlin", "(UTC-05:00) Eastern Time (US & Canada)".
_SHOWN = re.compile(r"(?:\((?:utc|gmt)\s*(?:([+-])(\d{1,2})[:.]?(\d{2}))?\)\s*)?(.+)", re.DOTALL | re.ASCII)
_SHOWN_TIME = re.compile(r" time(?: \([^()]*\))?")
# Without summer time it is still nearer than UTC.
_OFFSET_NAME = re.compile(r"(?:\(?(?:utc|gmt)\s*)?([+-])(\d{1,2})(?:[:.]?(\d{2}))?\)?(?:\s.*)?", re.DOTALL | re.ASCII)
_UTC_NAME = re.compile(r"coordinated universal time|tzone://microsoft/utc|\((?:utc|gmt)\)(?:\s.*)?", re.DOTALL)
# As RFC 5545 has them, and as programs write them without a sign, with colons, of hours alone.
_OFFSET = re.compile(r"([+-]?)(\d{2}):?(\d{2})?:?(\d{2})?", re.ASCII)
_LOCAL = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})Z?)?", re.ASCII)
_LONG_AGO = "16010101T000000"
FLOATING = timezone(timedelta(0), "floating")
"""Of times without a zone in a calendar without one: the person's own clock, counted as if it showed UTC."""
_FIRST, _LAST = datetime.min, datetime.max  # noqa: DTZ901 - local times
_LAST_YEAR = 2100
"""Until which the changes of a definition are looked for."""
MOST_ONSETS = 2_000
"""Changes of one rule that are looked at: two thousand years of them."""


class Zones:
    """The zones of one VCALENDAR. `floating` is the zone of times that name none; definitions are `by_spelling`."""

    def __init__(
        self,
        defined: Mapping[str, Sequence[str]],
        others: Mapping[str, Sequence[str]] | None = None,
        floating: str = "",
    ) -> None:
        self._defined, self._others = defined, others or {}
        self._known: dict[str, tzinfo] = {}
        self.floating: tzinfo = FLOATING
        self.floating = self.get(floating)
        self._known.clear()

    def get(self, name: str) -> tzinfo:
        """The zone called `name`; for one that nobody knows, that of times without a zone."""
        zone = self._known.get(name)
        if zone is None:
            zone = self._known[name] = (self._settled(name) if name.strip() else None) or self.floating
        return zone

    def _settled(self, name: str) -> tzinfo | None:
        exact = zone_name(name)
        key = exact.casefold()
        spellings = ((zones, spelled) for zones in (self._defined, self._others) for spelled in (exact, key))
        lines = next((lines for zones, spelled in spellings if (lines := zones.get(spelled))), None)
        defined = None if lines is None else _defined_zone(lines)
        named = _named(name)
        if defined is None:
            # Of a definition that cannot be read, at least where it lies.
            return named or _shown_zone(key) or _offset_zone(key) or (_named(_location(lines)) if lines else None)
        # The file's own definition counts (RFC 5545 §3.6.5); where both say the same the name is the faster one, and
        # knows what was in other years.
        return named if named is not None and _agree(defined, named) else defined


def by_spelling(zones: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Definitions by their exact names, and by those without regard to case where none is called exactly so."""
    folded: dict[str, Sequence[str]] = {}
    for name, lines in zones.items():
        folded.setdefault(name.casefold(), lines)
    return folded | dict(zones)


def _named(name: str) -> tzinfo | None:
    # Some programs put a path of their own before the name: /mozilla.org/20050126_1/Europe/Berlin.
    key = name.strip().strip("\"'").replace("\\", "").strip("/")
    windows = _windows().get(key.casefold().replace(" daylight time", " standard time"), key)
    parts = key.replace(" ", "_").split("/")
    for tried in (windows, "/".join(parts[-2:]), "/".join(parts[-3:])):
        if _IANA.fullmatch(tried) and len(tried) < 64:
            for spelled in (tried, _spellings().get(tried.casefold())):
                try:
                    return ZoneInfo(spelled or "")
                except (KeyError, ValueError, OSError):
                    continue
    return None


@cache
def _windows() -> dict[str, str]:
    """The names of zones of the IANA database by those that Windows has for them."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - when a calendar is read

    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


@cache
def _spellings() -> dict[str, str]:
    """The names of the IANA database by what they are without regard to case: `Europe/lisbon` is meant as one."""
    return {name.casefold(): name for name in (files("tzdata") / "zones").read_text().split()}


@cache
def _cities() -> dict[str, str]:
    """Zones by the last part of their names, as people write it: `mexico city`."""
    return {name.rpartition("/")[2].replace("_", " "): zone for name, zone in sorted(_spellings().items())}


def _shown_zone(key: str) -> tzinfo | None:
    """The zone that Windows shows so: by its name, or by the first of its cities whose clocks show that offset."""
    match = _SHOWN.fullmatch(key)
    if match is None:
        return None
    names = [_windows().get(_SHOWN_TIME.sub(" standard time", match[4]))]
    if key.startswith("("):
        names += [_cities().get(city.strip()) for city in match[4].replace("\\", "").split(",")]
    offset = timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0)) * (-1 if match[1] == "-" else 1)
    for zone in (ZoneInfo(name) for name in names if name):
        # The one that Windows names is that of winter, or of summer where that is the usual one (Dublin).
        shown = {datetime(now().year, month, 1, 12, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7)}
        if not key.startswith("(") or offset in shown:
            return zone
    return None


def _offset_zone(key: str) -> tzinfo | None:
    if _UTC_NAME.fullmatch(key):
        return UTC
    match = _OFFSET_NAME.fullmatch(key)
    if match is None or int(match[2]) > 14 or int(match[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset)


def _agree(defined: DefinedZone, named: tzinfo) -> bool:
    """Whether two zones say the same in the years that are read first; where the definition ends earlier, in its last
    years."""
    first, last = defined.span()
    year = min(now().year, last.year)
    if last < _LAST and first < last:
        year = min(year, last.year - 2)
    days = (datetime(at, month, day, 12, tzinfo=UTC) for at in range(year - 1, year + 3) for month in range(1, 13)
            for day in (1, 15))  # fmt: skip
    return all(
        at.astimezone(defined).utcoffset() == at.astimezone(named).utcoffset()
        for at in days
        if first <= at.replace(tzinfo=None) < last
    )


class _Observance:
    """STANDARD or DAYLIGHT of a VTIMEZONE: an offset, and since when it holds, again and again."""

    def __init__(self, fields: Mapping[str, str], dates: Sequence[str]) -> None:
        self.after = _offset(fields["TZOFFSETTO"])
        self.before = _offset(fields.get("TZOFFSETFROM") or fields["TZOFFSETTO"])
        start = _local(fields.get("DTSTART") or _LONG_AGO)
        self._onsets = [start, *(_local(text) for text in dates)]
        self._latest = start
        self.goes_on = False
        """Whether a rule without an end says when it holds."""
        self._rest: Iterator[datetime] = iter(())
        if rule := "".join(fields.get("RRULE", "").upper().split()):
            parts = [part for part in rule.split(";") if part and not part.startswith(("UNTIL=", "X-"))]
            if "FREQ=YEARLY" not in parts and "FREQ=MONTHLY" not in parts:
                raise ValueError(rule[:40])
            until = re.search(r"UNTIL=(\d{8}(?:T\d{6})?)(Z?)", rule)
            self.goes_on = until is None
            last = _LAST if until is None else _local(until[1]) + (self.before if until[2] else timedelta(0))
            onsets: Iterator[datetime] = iter(rrulestr(";".join(parts), dtstart=start))
            self._rest = takewhile(lambda at: at <= last, islice(onsets, MOST_ONSETS))

    def up_to(self, year: int) -> list[datetime]:
        """The onsets, as the clocks showed before them, until the end of `year` at least."""
        while self._latest.year <= year and (after := next(self._rest, None)) is not None:
            self._onsets.append(after)
            self._latest = after
        return self._onsets


class DefinedZone(tzinfo):
    """A zone as a VTIMEZONE defines it: its changes are counted out once, and then only looked up.

    A local time that comes twice or never is read as PEP 495 has it.
    """

    def __init__(self, observances: Sequence[_Observance]) -> None:
        self._observances = observances
        self._year = 0
        self._first = min(observances, key=lambda one: one.up_to(0)[0]).before
        self._utc: list[datetime] = []
        self._wall: tuple[list[datetime], list[datetime]] = ([], [])
        self._offsets: list[timedelta] = []

    def span(self) -> tuple[datetime, datetime]:
        """The first and the last change that the definition knows: some programs write those of a few years only. One
        that never changes, or by a rule, holds from then on."""
        onsets = sorted({at for one in self._observances for at in one.up_to(_LAST_YEAR)})
        goes_on = len(onsets) == 1 or any(one.goes_on for one in self._observances)
        return onsets[0], _LAST if goes_on else onsets[-1]

    def _reach(self, year: int) -> None:
        """Count out the changes until the end of `year`."""
        if year <= self._year:
            return
        self._year = min(year + 10, 9999)
        changes = sorted({
            (shifted(at, -one.before), one.after) for one in self._observances for at in one.up_to(self._year)
        })  # fmt: skip
        self._utc, self._offsets, self._wall = [], [], ([], [])
        before = self._first
        for at, after in changes:
            self._utc.append(at)
            self._offsets.append(after)
            self._wall[0].append(shifted(at, max(before, after)))
            self._wall[1].append(shifted(at, min(before, after)))
            before = after

    def _offset_at(self, index: int) -> timedelta:
        return self._offsets[index - 1] if index else self._first

    def utcoffset(self, at: datetime | None) -> timedelta:
        """The offset of a local time."""
        if at is None:
            return self._first
        self._reach(at.year)
        return self._offset_at(bisect_right(self._wall[at.fold], at.replace(tzinfo=None, fold=0)))

    def fromutc(self, at: datetime) -> datetime:
        """The local time of one in UTC, for `astimezone`."""
        self._reach(at.year)
        utc = at.replace(tzinfo=None)
        index = bisect_right(self._utc, utc)
        local = utc + self._offset_at(index)
        # The second of two equal local times comes after the change.
        again = index > 0 and local < self._wall[0][index - 1]
        return local.replace(tzinfo=self, fold=int(again))

    def dst(self, at: datetime | None) -> timedelta:
        """Nothing: a calendar does not need to know."""
        return timedelta(0)

    def tzname(self, at: datetime | None) -> str:
        """A name for messages."""
        return "defined"


def _defined_zone(lines: Sequence[str]) -> DefinedZone | None:
    """The zone of a VTIMEZONE; None for a broken definition."""
    observances: list[_Observance] = []
    fields: dict[str, str] = {}
    dates: list[str] = []
    try:
        for line in lines:
            if line.upper() in {"BEGIN:STANDARD", "BEGIN:DAYLIGHT"}:
                fields, dates = {}, []
            elif line.upper() in {"END:STANDARD", "END:DAYLIGHT"}:
                observances.append(_Observance(fields, dates))
            else:
                head, _, value = line.partition(":")
                name = head.partition(";")[0].upper()
                if name == "RDATE":
                    dates += value.split(",")
                else:
                    fields[name] = value.strip()
        return DefinedZone(observances) if observances else None
    except Exception:  # written by anyone; a broken definition is none
        return None


def _location(lines: Sequence[str]) -> str:
    """The name of the zone that a definition is one of, as libical and tzurl.org write it; empty without one."""
    for line in lines:
        name, _, value = line.partition(":")
        if name.upper() in {"X-LIC-LOCATION", "TZURL"}:
            return value
    return ""


def _offset(text: str) -> timedelta:
    match = _OFFSET.fullmatch(text.strip())
    if match is None or int(match[2]) > 23:
        raise ValueError(text[:40])
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0), seconds=int(match[4] or 0))
    return -offset if match[1] == "-" else offset


def _local(text: str) -> datetime:
    match = _LOCAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(text[:40])
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year or 1, month, day, hour, minute, second)  # noqa: DTZ001 - local time


def shifted(at: datetime, by: timedelta) -> datetime:
    """`at + by`, within the times that a calendar has."""
    try:
        return at + by
    except OverflowError:
        return (_FIRST if by < timedelta(0) else _LAST).replace(tzinfo=at.tzinfo)
