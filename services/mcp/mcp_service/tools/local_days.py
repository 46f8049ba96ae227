"""Events and weeks by the days of the person's zone; REST has them by those of UTC (planner §1)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from mcp_service.upstream.client import JsonObject, UserClient
from notechondria_shared.core.zones import UTC_ZONE

TIMES = ("starts_at", "ends_at")
DAYS = ("event_date", "occurrence_date")
ONE = timedelta(days=1)
NOON = time(12)


def local_row(row: JsonObject, zone: ZoneInfo) -> JsonObject:
    """An event, session or entry with its times and its day in a zone; what has a day but no time of day stays."""
    try:
        begin, end = (_instant(row[name]) for name in TIMES)
        local = begin.astimezone(zone)
        if _is_day(begin, end, local):
            return row
        times: JsonObject = {"starts_at": local.isoformat(), "ends_at": end.astimezone(zone).isoformat()}
    except (KeyError, ValueError, OverflowError):
        return row
    day = local.date().isoformat()
    return {**row, **times, **{name: day for name in DAYS if row.get(name) == begin.date().isoformat()}}


def _instant(value: JsonValue) -> datetime:
    at = datetime.fromisoformat(str(value))
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def _is_day(begin: datetime, end: datetime, local: datetime) -> bool:
    """True for whole days of calendars (midnight to midnight UTC), and for an event with a date alone (noon UTC, for an
    hour) where noon is another day in the zone."""
    if begin.time() == time() == end.time() and end > begin:
        return True
    return begin.time() == NOON and end - begin == timedelta(hours=1) and local.date() != begin.date()


def on_day(event: JsonObject, day: date, zone: ZoneInfo, *, keep_clock: bool) -> JsonObject:
    """What REST is sent so that an event is on a day of a zone; `keep_clock`: at its time of day there, which is
    another one in UTC when the clock was changed in between."""
    begin, end = (_instant(event[name]) for name in TIMES)
    local = begin.astimezone(zone)
    moved = datetime.combine(day, local.time(), zone)
    if keep_clock and not _is_day(begin, end, local) and moved.utcoffset() != local.utcoffset():
        return {"starts_at": moved.isoformat(), "ends_at": (moved.astimezone(UTC) + (end - begin)).isoformat()}
    return {"event_date": (day + days_apart(event, zone)).isoformat()}


def days_apart(row: JsonObject, zone: ZoneInfo) -> timedelta:
    """How far the day of an event in UTC is from its day in a zone."""
    shown = local_row(row, zone)["event_date"]
    return date.fromisoformat(str(row["event_date"])) - date.fromisoformat(str(shown))


def widened(since: date | None, until: date | None) -> tuple[str | None, str | None]:
    """A range of days with one more at each end, in which all that is in it by some zone's days is."""
    return (
        None if since is None else _moved(since, -1).isoformat(),
        None if until is None else _moved(until, 1).isoformat(),
    )


def within_days(rows: Sequence[JsonObject], since: date | None, until: date | None) -> list[JsonObject]:
    """The rows of a range by their own days; a series that began before counts as long as it goes on (planner §2.1)."""
    first = "" if since is None else since.isoformat()
    last = "9999-12-31" if until is None else until.isoformat()
    return [
        row
        for row in rows
        if str(row["event_date"]) <= last and (str(row["event_date"]) >= first or row["recurrence_freq"] != "N")
    ]


async def local_week(planner: UserClient, first: date, days: int, zone: ZoneInfo) -> JsonObject:
    """The week of planner §6.2 by the days of a zone: two windows of UTC hold all of it."""
    if zone.key == UTC_ZONE.key:
        return await planner.get("activity/week/", start_date=first.isoformat(), days=str(days))
    begin = _moved(first, -1)
    wide = await planner.get("activity/week/", start_date=begin.isoformat(), days=str(days))
    rest = await planner.get("activity/week/", start_date=_moved(begin, days).isoformat(), days="3")
    grid: dict[str, list[JsonValue]] = {_moved(first, number).isoformat(): [] for number in range(days)}
    items = [
        local_row(item, zone)
        for window in (wide, rest)
        for day in _objects(window["days"])
        for item in _objects(day["events"])
    ]
    for item in sorted(items, key=lambda item: _instant(item["starts_at"])):
        if (day := str(item["starts_at"])[:10]) in grid:
            grid[day].append(item)
    return {
        "start_date": first.isoformat(),
        "previous_week_start": _moved(first, -7).isoformat(),
        "next_week_start": _moved(first, 7).isoformat(),
        "days": [{"date": day, "events": events} for day, events in grid.items()],
        "deadlines": [*_deadlines(wide, rest, grid, zone)],
    }


def _deadlines(wide: JsonObject, rest: JsonObject, days: Container[str], zone: ZoneInfo) -> list[JsonObject]:
    rows = [local_row(row, zone) for row in _objects(wide["deadlines"])]
    known = {row["id"] for row in rows}
    rows += [row for row in (local_row(row, zone) for row in _objects(rest["deadlines"])) if row["id"] not in known]
    # Those that are done are of the days that are asked for alone.
    return [row for row in rows if not row["is_completed"] or str(row["event_date"]) in days]


def _objects(value: JsonValue) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _moved(day: date, number: int) -> date:
    """A day so many days on; the calendar's first or last one where there is none."""
    try:
        return day + number * ONE
    except OverflowError:
        return date.max if number > 0 else date.min
