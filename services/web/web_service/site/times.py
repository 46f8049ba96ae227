"""Times as people read them: in their own zone, else in UTC."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo


def shown_time(at: str | None, zone: tzinfo) -> str:
    """`2026-11-21 16:05 CET` of an ISO 8601 text; empty for None."""
    if not at:
        return ""
    local = datetime.fromisoformat(at).astimezone(zone)
    return f"{minute_of(local)} {local.tzname()}"


def minute_of(at: datetime) -> str:
    """`2026-11-21 16:05`; the year has four digits on every Python, which `%Y` of before 3.14 has not."""
    return at.replace(tzinfo=None).isoformat(" ", "minutes")


def day_of(typed: str) -> date | None:
    """A day that was typed; None for what is none."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def begin_of(day: date, zone: tzinfo) -> datetime:
    """When a day begins in a zone."""
    return datetime.combine(day, time(), zone)
