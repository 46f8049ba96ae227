"""Recurring entries (RRULE, RDATE, EXDATE, RECURRENCE-ID, THISANDFUTURE).

Rules are counted out by dateutil, in the time of the entry's own clock; what is said of which occurrence counts here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import chain, takewhile

from dateutil.rrule import rrulestr

from planner_service.calendars.lines import Entry, Property
from planner_service.calendars.values import Length, length, timestamp, timestamps, utc
from planner_service.calendars.zones import FLOATING, Zones, shifted

_NOT_EXPANDED = re.compile(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY)|INTERVAL=\s*[+-]?0+\s*(?:;|$)", re.IGNORECASE)
"""More often than daily, or without end on the first day."""
HOUR = timedelta(hours=1)
_MARGIN = timedelta(days=2)
"""Rules are counted out in local time: a little more of it than the UTC window, cut exactly afterwards."""
_STEP_DAYS = {"DAILY": 1, "WEEKLY": 7}
_STEP_MONTHS = {"MONTHLY": 1, "YEARLY": 12}
_MOST_STEPS_BACK = 50
"""To find a month with a 29th, 30th or 31st."""
_OF_STEPS = frozenset({"FREQ", "INTERVAL", "COUNT", "WKST"})
_DAYS_OF_YEARS = frozenset({"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYEASTER"})
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

ZonesOf = Callable[[Entry], Zones]
Occurrence = tuple[datetime, datetime, Entry]
"""Start and end (UTC), and the entry that it is an occurrence of."""


@dataclass(frozen=True, slots=True)
class Series:
    """Recurring entries of one UID (a calendar may split a series), and the entries that change single occurrences."""

    masters: list[Entry]
    exceptions: list[Entry] = field(default_factory=list)

    @property
    def entries(self) -> Iterator[Entry]:
        """All of them."""
        return chain(self.masters, self.exceptions)


@dataclass(frozen=True, slots=True)
class _Change:
    """An exception: what it stands for, and what is there instead."""

    entry: Entry
    replaced: date | datetime
    """A time, or a day in the series' own time."""
    start: date | datetime
    end_of: Callable[[date | datetime], datetime]
    is_cancelled: bool

    def moved(self, zone: tzinfo | None) -> timedelta:
        """How far it moves a series in `zone`, on the clock: from 9 to 10 in summer and in winter."""
        return _wall(self.start) - _wall(self.replaced, zone)


def window(entry: Entry, zones: Zones) -> tuple[datetime, datetime]:
    """Start and end in UTC: DTEND, else DURATION, else an hour. ValueError or OverflowError when unreadable."""
    start = timestamp(entry.single["DTSTART"], zones)
    return utc(start), _end_of(entry, zones)(start)


def is_floating(entry: Entry, zones: Zones) -> bool:
    """Whether its start is what the clock shows wherever the person is (planner §5.3); never a whole day."""
    try:
        start = timestamp(entry.single["DTSTART"], zones)
    except (ValueError, OverflowError, KeyError):
        return False
    return isinstance(start, datetime) and start.tzinfo is FLOATING


def _end_of(entry: Entry, zones: Zones) -> Callable[[date | datetime], datetime]:
    """How the end (UTC) of an occurrence follows from its start.

    DTEND says an exact length, DURATION one in days of the calendar and exact time (RFC 5545 §3.8.5.3).
    """
    if entry.text("DTEND"):
        first = timestamp(entry.single["DTSTART"], zones)
        exact = utc(timestamp(entry.single["DTEND"], zones, _zone(first))) - utc(first)
        return lambda start: utc(start) + exact
    said = length(entry.text("DURATION"))
    nominal = said if said is not None and said.total >= timedelta(0) else Length(0, HOUR)
    return nominal.after


def occurrences(series: Series, zones_of: ZonesOf, first: datetime, last: datetime) -> Iterator[Occurrence]:
    """The occurrences that start within `first`..`last` (UTC).

    A rule that cannot be read, or that repeats more often than daily, counts as its first occurrence only.
    """
    changes, following = _changes(series, zones_of)
    for master in series.masters:
        try:
            dated = list(_of_master(master, zones_of(master), changes, following, first, last))
        except Exception:  # written by anyone; one broken series is what it is without its rule, the others stay
            dated = [(*window(master, zones_of(master)), master)]
        yield from (one for one in dated if first <= one[0] <= last)
    for change in changes:
        start = utc(change.start)
        if not change.is_cancelled and first <= start <= last:
            yield start, change.end_of(change.start), change.entry


def _changes(series: Series, zones_of: ZonesOf) -> tuple[list[_Change], list[_Change]]:
    """The exceptions, and those that hold for all that follows, in order; what cannot be read is left out.

    A RECURRENCE-ID without a zone is in the one of the series.
    """
    first = series.masters[0]
    own = _zone(timestamp(first.single["DTSTART"], zones_of(first)))
    single: list[_Change] = []
    following: list[_Change] = []
    for entry in series.exceptions:
        zones = zones_of(entry)
        try:
            change = _Change(
                entry=entry,
                replaced=timestamp(entry.single["RECURRENCE-ID"], zones, own),
                start=timestamp(entry.single["DTSTART"], zones),
                end_of=_end_of(entry, zones),
                is_cancelled=entry.text("STATUS").upper() == "CANCELLED",
            )
            utc(change.replaced), change.end_of(change.start)
        except (ValueError, OverflowError, KeyError):
            continue
        single.append(change)
        if entry.single["RECURRENCE-ID"].parameters.get("RANGE", "").upper() == "THISANDFUTURE":
            following.append(change)
    return single, sorted(following, key=lambda change: utc(change.replaced))


def _zone(value: date | datetime) -> tzinfo | None:
    return value.tzinfo if isinstance(value, datetime) else None


def _wall(value: date | datetime, zone: tzinfo | None = None) -> datetime:
    """What the clock shows, in `zone` where one is named; midnight for a date."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    return (value.astimezone(zone) if zone is not None else value).replace(tzinfo=None)


def _of_master(
    master: Entry,
    zones: Zones,
    changes: list[_Change],
    following: list[_Change],
    first: datetime,
    last: datetime,
) -> Iterator[Occurrence]:
    start = timestamp(master.single["DTSTART"], zones)
    end_of = _end_of(master, zones)
    zone = _zone(start)
    replaced = {change.replaced for change in changes}
    if zone is None:
        # Outlook names the days of a series of whole days by their midnight.
        replaced |= {at.date() for at in replaced if isinstance(at, datetime)}
    moves = [(utc(change.replaced), change, change.moved(zone)) for change in reversed(following)]
    margin = _MARGIN + max((abs(moved) for _, _, moved in moves), default=timedelta(0))
    low, high = shifted(first, -margin), shifted(last, margin)
    period_ends = {utc(begin): end for begin, end in _periods(master, zones, zone)}
    for wall in _starts(master, zones, start, low.replace(tzinfo=None), high.replace(tzinfo=None)):
        own = wall.date() if zone is None else wall.replace(tzinfo=zone)
        at = utc(own)
        if replaced and (at in replaced or wall.date() in replaced):
            continue
        change, moved = next(((change, moved) for since, change, moved in moves if since <= at), (None, timedelta(0)))
        if change is None:
            end = period_ends.get(at)
            yield at, end_of(own) if end is None else _period_end(own, end), master
        elif not change.is_cancelled:
            other = change.start.tzinfo if isinstance(change.start, datetime) else None
            later = (wall + moved).date() if other is None else (wall + moved).replace(tzinfo=other)
            yield utc(later), change.end_of(later), change.entry


def _starts(master: Entry, zones: Zones, start: date | datetime, low: datetime, high: datetime) -> Iterator[datetime]:
    """The local starts within `low`..`high` in order: the first, those of rules and RDATE, without those of EXDATE."""
    zone = _zone(start)
    begin = _wall(start)
    starts = {begin} if low <= begin <= high and not _is_over(master, begin, zone) else set()
    for rule in master.repeated.get("RRULE", ()):
        starts.update(_of_rule(rule.value, begin, zone, low, high))
    starts.update(_wall(value, zone) for value in _values(master, "RDATE", zones, zone))
    excluded: set[datetime] = set()
    days: set[date] = set()
    for rule in master.repeated.get("EXRULE", ()):
        excluded.update(_of_rule(rule.value, begin, zone, low, high))
    for value in _values(master, "EXDATE", zones, zone):
        if isinstance(value, datetime):
            excluded.add(_wall(value, zone))
        else:
            days.add(value)  # of a series with times, the whole day
    return iter(sorted(at for at in starts if at not in excluded and not (days and at.date() in days)))


def _is_over(master: Entry, begin: datetime, zone: tzinfo | None) -> bool:
    """Whether all rules end before the first start: some programs write so that a series was removed."""
    rules = master.repeated.get("RRULE", ())
    ends = [_until(dict(_part(part) for part in rule.value.split(";")).get("UNTIL", ""), zone) for rule in rules]
    return bool(ends) and all(end is not None and end < begin for end in ends)


def _values(master: Entry, name: str, zones: Zones, own: tzinfo | None) -> Iterator[date | datetime]:
    for prop in master.repeated.get(name, ()):
        for value in timestamps(prop, zones, own):
            yield value[0] if isinstance(value, tuple) else value


def _periods(master: Entry, zones: Zones, own: tzinfo | None) -> Iterator[tuple[datetime, datetime | Length]]:
    for prop in master.repeated.get("RDATE", ()):
        yield from (value for value in timestamps(prop, zones, own) if isinstance(value, tuple))


def _period_end(start: date | datetime, end: datetime | Length) -> datetime:
    return utc(end) if isinstance(end, datetime) else end.after(start)


def _of_rule(text: str, begin: datetime, zone: tzinfo | None, low: datetime, high: datetime) -> Iterator[datetime]:
    """The local starts of a rule within `low`..`high`. ValueError for a rule that cannot be read."""
    if _NOT_EXPANDED.search(text):
        return
    # What programs added for themselves, or left empty, says nothing.
    said = (_part(part) for part in text.split(";"))
    parts = {name: value for name, value in said if value and not name.startswith("X-")}
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.pop("SKIP", "OMIT") != "OMIT":
        raise ValueError(text[:40])
    if (count := parts.get("COUNT", "")) and (count == "0" or count.startswith("-")):
        del parts["COUNT"]  # as some programs write that nobody counts
    until = _until(parts.pop("UNTIL", ""), zone)
    if until is not None and until < low:
        return  # ended before: it costs nothing
    end = high if until is None else min(until, high)
    if parts.get("FREQ") == "YEARLY" and "BYWEEKNO" in parts and not _DAYS_OF_YEARS & parts.keys():
        parts["BYDAY"] = _WEEKDAYS[begin.weekday()]  # RFC 5545 §3.3.10: what a rule does not say is as in DTSTART
    if steps := _plain_steps(parts, begin):
        yield from steps.within(begin, int(parts.get("COUNT", "0")), low, end)
        return
    start = begin if "COUNT" in parts else _later(parts, begin, low)
    rule = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)
    yield from (at for at in takewhile(lambda at: at <= end, rule) if at >= low)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Times that come every so many days, at one or more distances (of days of a week) from a first one."""

    anchor: datetime
    step: timedelta
    distances: list[timedelta]

    def within(self, begin: datetime, count: int, low: datetime, end: datetime) -> Iterator[datetime]:
        """Those from `begin` on, `count` in all where it is not 0, within `low`..`end`. Nobody has to count."""
        left_out = sum(self.anchor + distance < begin for distance in self.distances)
        number = max(0, (low - self.anchor) // self.step)
        try:
            while True:
                for index, distance in enumerate(self.distances, number * len(self.distances) - left_out):
                    at = self.anchor + self.step * number + distance
                    if at > end or (count and index >= count):
                        return
                    if at >= begin and at >= low:
                        yield at
                number += 1
        except OverflowError:  # the calendar has no more days
            return


def _plain_steps(parts: dict[str, str], begin: datetime) -> _Steps | None:
    """The steps of a rule that is nothing else, as most are: every so many days, or on days of every so many weeks."""
    interval = parts.get("INTERVAL", "1")
    days = _STEP_DAYS.get(parts.get("FREQ", ""), 0)
    more = {name: value for name, value in parts.items() if name not in _OF_STEPS}
    weekdays = more.pop("BYDAY", "").split(",") if days == _STEP_DAYS["WEEKLY"] and "BYDAY" in more else []
    counted, week_start = parts.get("COUNT", "1"), parts.get("WKST", "MO")
    if (
        not days
        or more
        or not (interval.isdecimal() and counted.isdecimal() and len(interval) < 6 and int(counted) > 0)
        or week_start not in _WEEKDAYS
        or not set(weekdays) <= set(_WEEKDAYS)
    ):
        return None
    step = timedelta(days=days * int(interval))
    if not weekdays:
        return _Steps(begin, step, [timedelta(0)])
    first = _WEEKDAYS.index(week_start)
    distances = {(_WEEKDAYS.index(day) - first) % 7 for day in weekdays}
    anchor = begin - timedelta(days=(begin.weekday() - first) % 7)
    return _Steps(anchor, step, [timedelta(days=distance) for distance in sorted(distances)])


def _part(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    # Some programs escape rules like texts, or put blanks behind commas.
    return name.strip().upper(), "".join(value.replace("\\", "").split()).upper()


def _later(parts: dict[str, str], begin: datetime, low: datetime) -> datetime:
    """A later beginning that gives the same starts from `low` on: dateutil counts from the first, however old it is."""
    interval = int(parts.get("INTERVAL", "1"))
    step = _STEP_DAYS.get(parts.get("FREQ", ""), 0) * interval
    if step > 0:
        return begin + timedelta(days=max(0, (low - begin).days // step) * step)
    months = _STEP_MONTHS.get(parts.get("FREQ", ""), 0) * interval
    if months > 0:
        # A year earlier, so that the first period is over; the same day of a month that has it.
        most = ((low.year - 1 - begin.year) * 12 + low.month - begin.month) // months
        for steps in range(most, max(0, most - _MOST_STEPS_BACK), -1):
            year, month = divmod(begin.year * 12 + begin.month - 1 + steps * months, 12)
            if begin.day <= monthrange(year, month + 1)[1]:
                return begin.replace(year=year, month=month + 1)
    return begin


def _until(text: str, zone: tzinfo | None) -> datetime | None:
    """The last start in local time: without `Z` it is local already (RFC 5545 §3.3.10)."""
    if not text:
        return None
    value = timestamp(Property(text, {}), Zones({}))
    if not isinstance(value, datetime):
        return _wall(value)
    if text.endswith("Z") and zone is not None:
        return _wall(value, zone)
    wall = value.replace(tzinfo=None)
    return wall if zone is not None else datetime.combine(wall.date(), time.min)
