"""Dates as note apps write them: ISO 8601 and its neighbours, seconds and milliseconds since 1970, days with names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from pydantic import JsonValue

from notechondria_contracts.fields.rules import parse_datetime

LONGEST = 64
"""Characters of a text that is read as a date."""
_EARLIEST = 10**8
"""Seconds since 1970 of March 1973: smaller numbers are years, counts and ratings."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1
    )
    for name in names.split()
}  # fmt: skip
_CLOCK = (
    r"(?:(?:,|\s+at|T)?\s*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?\s*"
    r"(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?)?"
)
_NUMBERS = re.compile(
    rf"(?:(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})"
    rf"|(?P<first>\d{{1,2}})(?P<between>[-/.])(?P<next>\d{{1,2}})(?P=between)(?P<last>\d{{4}})){_CLOCK}",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s+)?"
    r"(?:(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:[snrt][tdh])?|(?P<day2>\d{1,2})(?:[snrt][tdh])?\.?\s+(?P<name2>[a-z]{3,9})\.?)"
    rf",?\s+(?P<year>\d{{4}}){_CLOCK}",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(?:(\d\d)(\d{3})?)?)?Z?")


def read_date(value: JsonValue) -> datetime | None:
    """The time that a value means; a date alone is its midnight, a time without a zone is UTC. None when it is none."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    if not text or len(text) > LONGEST:
        return None
    # Before the seconds since 1970: a note is rather of 2024 than of the hours of 1970 and 1976 that its digits count.
    at = parse_datetime(text) or parse_datetime(f"{text} 00:00") or _compact(text) or _epoch(text)
    return at or _numbers(text) or _names(text) or _mail(text)


def is_ambiguous(value: JsonValue) -> bool:
    """Whether day and month could be the other way round."""
    match = _NUMBERS.fullmatch(value.strip()[:LONGEST]) if isinstance(value, str) else None
    if match is None or match["first"] is None or match["between"] == ".":
        return False
    first, following = int(match["first"]), int(match["next"])
    return first != following and max(first, following) <= 12


def _epoch(text: str) -> datetime | None:
    """Seconds since 1970, or parts of them by how long the number is."""
    whole, _, fraction = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and (not fraction or fraction.isdigit())):
        return None
    if int(whole) < _EARLIEST or len(whole) > 16:
        return None
    parts = 10**6 if len(whole) <= 10 else 10**3 if len(whole) <= 13 else 1
    microseconds = int(whole) * parts + (int(fraction[:6].ljust(6, "0")) if fraction and parts == 10**6 else 0)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _numbers(text: str) -> datetime | None:
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return None
    if match["year"]:
        return _at(int(match["year"]), int(match["month"]), int(match["day"]), match)
    first, following = int(match["first"]), int(match["next"])
    # With full stops the day comes first everywhere; else as in the United States, unless that is no month.
    day_first = match["between"] == "." or first > 12
    month, day = (following, first) if day_first else (first, following)
    return _at(int(match["last"]), month, day, match)


def _names(text: str) -> datetime | None:
    match = _NAMES.fullmatch(text)
    if match is None:
        return None
    month = _MONTHS.get((match["name"] or match["name2"]).lower())
    return _at(int(match["year"]), month, int(match["day"] or match["day2"]), match) if month else None


def _compact(text: str) -> datetime | None:
    """Digits alone: as Evernote (`20240105T101112Z`), as the names of notes of a Zettelkasten (`202401051011`), as
    TiddlyWiki has it, with milliseconds."""
    match = _COMPACT.fullmatch(text) if text.isascii() else None
    try:
        *parts, milliseconds = [int(part or 0) for part in match.groups()] if match else [0]
        return datetime(*parts, milliseconds * 1000, tzinfo=UTC) if match else None  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def _mail(text: str) -> datetime | None:
    """As e-mails have it (RFC 5322 §3.3)."""
    if "," not in text:
        return None
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _at(year: int, month: int, day: int, clock: re.Match[str]) -> datetime | None:
    hour, half = int(clock["hour"] or 0), (clock["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    try:
        at = datetime(year, month, day, hour, int(clock["minute"] or 0), int(clock["second"] or 0), tzinfo=UTC)
        return at - _offset(clock["zone"] or "")
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta()
    digits = zone[1:].replace(":", "")
    offset = timezone(timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))).utcoffset(None)
    return -offset if zone[0] == "-" else offset
