"""iCalendar text to components: unfolded lines, only the properties that are used (RFC 5545 §3.1, planner §5.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_ENTRIES = 20_000

_BREAK = re.compile(r"\r\n|\n|\r")
_BLANK = re.compile(r"(?>(?:\r\n?+|\n){2,})")
"""Empty lines: some programs write them even between the parts of a folded line."""
_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_INDENTED = re.compile(r"(?:^|[\r\n])[ \t]+(?:BEGIN|END):VEVENT[ \t]*(?=[\r\n]|$)")
_STARTS_PROPERTY = re.compile(r"[A-Z][A-Z0-9-]*[:;]")
# A zone's name may hold a colon that nobody quoted: the value of a time begins with its date.
_TIME_LINE = re.compile(r"([A-Za-z0-9-]+)\s*((?:;.*?)?):(\s*[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?![0-9]).*)", re.DOTALL)
_LINE = re.compile(r'([A-Za-z0-9-]+)\s*((?:;[^":;]*(?:"[^"]*"[^":;]*)*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*=\s*("[^"]*"|[^";]*)')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

SINGLE = frozenset({"DTSTART", "DTEND", "DURATION", "SUMMARY", "UID", "RECURRENCE-ID", "STATUS", "SEQUENCE"}) | {
    "LAST-MODIFIED", "DTSTAMP",
}  # fmt: skip
REPEATED = frozenset({"RRULE", "EXRULE", "RDATE", "EXDATE"})
TIMES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})
OF_CALENDAR = frozenset({"REFRESH-INTERVAL", "X-PUBLISHED-TTL", "NAME", "X-WR-CALNAME", "X-WR-TIMEZONE"})


@dataclass(frozen=True, slots=True)
class Property:
    """`NAME;PARAMETER=...:value`, names in upper case."""

    value: str
    parameters: dict[str, str]


@dataclass(slots=True)
class Entry:
    """A VEVENT: the last of each property that may stand once, all of those that may repeat."""

    calendar: int = 0
    """The number of the VCALENDAR that it stands in."""
    single: dict[str, Property] = field(default_factory=dict)
    repeated: dict[str, list[Property]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value of a property, trimmed; empty when it is not there."""
        prop = self.single.get(name)
        return prop.value.strip() if prop else ""


@dataclass(slots=True)
class CalendarPart:
    """One VCALENDAR without its entries: several may stand in one text, each with zones of its own."""

    zones: dict[str, list[str]] = field(default_factory=dict)
    """The lines of VTIMEZONE blocks by `zone_name` of their TZID."""
    properties: dict[str, Property] = field(default_factory=dict)

    def text(self, *names: str) -> str:
        """The value of the first of these properties that is there and not blank; else empty."""
        values = (unescape(prop.value) for name in names if (prop := self.properties.get(name)))
        return next((value for value in values if value), "")


@dataclass(slots=True)
class Parts:
    """What a text is made of."""

    entries: list[Entry] = field(default_factory=list)
    unfinished: list[Entry] = field(default_factory=list)
    """Entries without an end, as of a file that was cut off: they are not read, but named."""
    calendars: list[CalendarPart] = field(default_factory=lambda: [CalendarPart()])
    is_calendar: bool = False
    """True when a VCALENDAR begins somewhere."""
    has_more: bool = False
    """True when there are more entries than are read."""


def is_indented(text: str) -> bool:
    """True for a text whose lines are indented, as by a program that prints it: white space is then no fold."""
    return _INDENTED.search(text) is not None


def logical_lines(text: str) -> Iterator[str]:
    """The unfolded lines, trimmed. In an indented text a line continues another unless it begins like a property."""
    if not is_indented(text):
        for line in _BREAK.split(_FOLD.sub("", _BLANK.sub("\n", text))):
            yield line.strip()
        return
    pending = ""
    for raw in _BREAK.split(text):
        line = raw.strip()
        if raw[:1] in {" ", "\t"} and pending and line and not _STARTS_PROPERTY.match(line):
            pending += raw[1:].rstrip()
            continue
        yield pending
        pending = line
    yield pending


def split(text: str) -> Parts:
    """The components of a text, however broken it is; of its entries the first 20,000."""
    splitter = _Splitter()
    for line in logical_lines(text):
        splitter.take(line)
        if splitter.parts.has_more:
            break
    else:
        splitter.end()
    return splitter.parts


def zone_name(name: str) -> str:
    r"""A TZID as zones are looked up by: without quotes and the escapes that some programs write (`Berlin\, Bern`)."""
    return _ESCAPE.sub(r"\1", name.strip().strip("\"'")).strip()


class _Splitter:
    """Goes through the lines and knows what it is in."""

    def __init__(self) -> None:
        self.parts = Parts()
        self._entry: Entry | None = None
        self._zone: list[str] | None = None
        self._inside: list[str] = []
        """Components within the entry, or beside it, whose lines are not ours."""

    def take(self, line: str) -> None:
        if line in {"BEGIN:VEVENT", "END:VEVENT"}:
            if line[0] == "B":
                self.end()
            elif self._entry is not None:
                self._keep_entry(self._entry)
            self._entry = Entry(len(self.parts.calendars) - 1) if line[0] == "B" else None
            self._inside = []
            self._zone = None  # one that never ends must not take the entries with it
        elif self._zone is not None:
            self._zone.append(line)
            if line == "END:VTIMEZONE":
                _keep_zone(self.parts.calendars[-1], self._zone)
                self._zone = None
        elif line.startswith("BEGIN:"):
            self._begin(line)
        elif line.startswith("END:"):
            if self._inside and self._inside[-1] == line[4:]:
                self._inside.pop()
        elif not self._inside:
            _take(self.parts, self._entry, line)

    def end(self) -> None:
        """What has begun goes no further."""
        if self._entry is not None and len(self.parts.unfinished) < MOST_ENTRIES:
            self.parts.unfinished.append(self._entry)

    def _begin(self, line: str) -> None:
        if line == "BEGIN:VTIMEZONE" and self._entry is None:
            self._zone = [line]
        elif line == "BEGIN:VCALENDAR":
            if self.parts.is_calendar:
                self.parts.calendars.append(CalendarPart())
            self.parts.is_calendar = True
        else:
            self._inside.append(line[6:])

    def _keep_entry(self, entry: Entry) -> None:
        if len(self.parts.entries) == MOST_ENTRIES:
            self.parts.has_more = True
        else:
            self.parts.entries.append(entry)


def _take(parts: Parts, entry: Entry | None, line: str) -> None:
    name = line[: min(at for at in (line.find(":"), line.find(";"), len(line)) if at >= 0)].rstrip().upper()
    if entry is None:
        if name in OF_CALENDAR and (prop := _property(name, line)):
            parts.calendars[-1].properties[name] = prop
    elif name in SINGLE:
        if prop := _property(name, line):
            entry.single[name] = prop
    elif name in REPEATED and (prop := _property(name, line)):
        entry.repeated.setdefault(name, []).append(prop)


def _property(name: str, line: str) -> Property | None:
    match = (_TIME_LINE.fullmatch(line) if name in TIMES else None) or _LINE.fullmatch(line)
    if match is None:
        head, colon, value = line.partition(":")
        return Property(value, {}) if colon and head else None
    _, parameters, value = match.groups()
    return Property(value, {key.upper(): text.strip('"') for key, text in _PARAMETER.findall(parameters or "")})


def _keep_zone(calendar: CalendarPart, lines: list[str]) -> None:
    for line in lines:
        if line.startswith(("TZID:", "TZID;")):
            name = zone_name(line.partition(":")[2])
            calendar.zones.setdefault(name, lines)
            return


def unescape(text: str) -> str:
    r"""Text as it was meant (RFC 5545 §3.3.11): `\n`, `\,`, `\;`, `\\`; without control characters."""
    plain = _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)
    return _CONTROL.sub("", plain).strip()
