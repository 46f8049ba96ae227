"""iCalendar text to components: unfolded lines, only the properties that are used (RFC 5545 §3.1, planner §5.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_ENTRIES = 20_000

_BREAK = re.compile(r"\r\n|\n|\r")
_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_INDENTED = re.compile(r"(?:^|[\r\n])[ \t]+(?:BEGIN|END):VEVENT[ \t]*(?=[\r\n]|$)")
_STARTS_PROPERTY = re.compile(r"[A-Z][A-Z0-9-]*[:;]")
_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;[^":;]*(?:"[^"]*"[^":;]*)*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";]*)')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

SINGLE = frozenset({"DTSTART", "DTEND", "DURATION", "SUMMARY", "UID", "RECURRENCE-ID", "STATUS", "SEQUENCE"})
REPEATED = frozenset({"RRULE", "RDATE", "EXDATE"})
OF_CALENDAR = frozenset({"REFRESH-INTERVAL", "X-PUBLISHED-TTL"})


class TooMuch(Exception):
    """The calendar is larger than what is read; the text says what of it."""


@dataclass(frozen=True, slots=True)
class Property:
    """`NAME;PARAMETER=...:value`, names in upper case."""

    value: str
    parameters: dict[str, str]


@dataclass(slots=True)
class Entry:
    """A VEVENT: the last of each property that may stand once, all of those that may repeat."""

    single: dict[str, Property] = field(default_factory=dict)
    repeated: dict[str, list[Property]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value of a property, trimmed; empty when it is not there."""
        prop = self.single.get(name)
        return prop.value.strip() if prop else ""


@dataclass(slots=True)
class Parts:
    """What a text is made of."""

    entries: list[Entry] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    """VTIMEZONE blocks by TZID."""
    properties: dict[str, Property] = field(default_factory=dict)
    is_calendar: bool = False
    """True when a VCALENDAR begins somewhere."""


def logical_lines(text: str) -> Iterator[str]:
    """The unfolded lines, trimmed. In an indented text a line continues another unless it begins like a property."""
    if not _INDENTED.search(text):
        for line in _BREAK.split(_FOLD.sub("", text)):
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
    """The components of a text, however broken it is; `TooMuch` beyond 20,000 entries."""
    splitter = _Splitter()
    for line in logical_lines(text):
        splitter.take(line)
    return splitter.parts


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
            if line[0] == "E" and self._entry is not None:
                self._keep_entry(self._entry)
            self._entry = Entry() if line[0] == "B" else None
            self._inside = []
            self._zone = None  # one that never ends must not take the entries with it
        elif self._zone is not None:
            self._zone.append(line)
            if line == "END:VTIMEZONE":
                _keep_zone(self.parts, self._zone)
                self._zone = None
        elif line.startswith("BEGIN:"):
            self._begin(line)
        elif line.startswith("END:"):
            if self._inside and self._inside[-1] == line[4:]:
                self._inside.pop()
        elif not self._inside:
            _take(self.parts, self._entry, line)

    def _begin(self, line: str) -> None:
        if line == "BEGIN:VTIMEZONE" and self._entry is None:
            self._zone = [line]
        elif line == "BEGIN:VCALENDAR":
            self.parts.is_calendar = True
        else:
            self._inside.append(line[6:])

    def _keep_entry(self, entry: Entry) -> None:
        self.parts.entries.append(entry)
        if len(self.parts.entries) > MOST_ENTRIES:
            raise TooMuch(f"The calendar has more than {MOST_ENTRIES:,} entries.")


def _take(parts: Parts, entry: Entry | None, line: str) -> None:
    name = line[: min(at for at in (line.find(":"), line.find(";"), len(line)) if at >= 0)].upper()
    if entry is None:
        if name in OF_CALENDAR and (prop := _property(line)):
            parts.properties[name] = prop
    elif name in SINGLE:
        if prop := _property(line):
            entry.single[name] = prop
    elif name in REPEATED and (prop := _property(line)):
        entry.repeated.setdefault(name, []).append(prop)


def _property(line: str) -> Property | None:
    match = _LINE.fullmatch(line)
    if match is None:
        head, colon, value = line.partition(":")
        return Property(value, {}) if colon and head else None
    _, parameters, value = match.groups()
    return Property(value, {name.upper(): text.strip('"') for name, text in _PARAMETER.findall(parameters)})


def _keep_zone(parts: Parts, lines: list[str]) -> None:
    for line in lines:
        if line.startswith(("TZID:", "TZID;")):
            parts.zones.setdefault(line.partition(":")[2].strip(), "\r\n".join(lines))
            return


def unescape(text: str) -> str:
    r"""Text as it was meant (RFC 5545 §3.3.11): `\n`, `\,`, `\;`, `\\`; without control characters."""
    plain = _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)
    return _CONTROL.sub("", plain).strip()
