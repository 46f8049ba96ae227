"""Reading calendars: processor time of large files, beside dateutil counting the same starts and nothing else.

`make bench-calendars`; no stack. Exit code 1 when a file does not keep its budget (`CALENDAR_READ_SECONDS`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from planner_service.calendars.reading import read
from planner_service.settings import PlannerSettings

YEARS = [2025, 2026, 2027]
ROUNDS = 3
HALVES = """BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
"""
CUSTOM = f"BEGIN:VTIMEZONE\nTZID:Headquarters\n{HALVES}END:VTIMEZONE\n"
SERIES, ENTRIES = 1_000, 5_000
BERLIN = ZoneInfo("Europe/Berlin")


def _starts(number: int) -> list[datetime]:
    return [datetime(2024, 1, 8, 8 + n % 10, n % 60, tzinfo=UTC) for n in range(number)]


def _series(zone: str, rule: str = "FREQ=WEEKLY") -> str:
    return "".join(
        f"BEGIN:VEVENT\nUID:{n}@bench\nDTSTART;TZID={zone}:{at:%Y%m%dT%H%M%S}\nDURATION:PT1H\nRRULE:{rule}\n"
        f"SUMMARY:Series {n}\nEND:VEVENT\n"
        for n, at in enumerate(_starts(SERIES))
    )


def _single(zone: str) -> str:
    return "".join(
        f"BEGIN:VEVENT\nUID:{n}@bench\nDTSTART;TZID={zone}:2026{1 + n % 12:02}{1 + n % 28:02}T080000\nDURATION:PT1H\n"
        f"SUMMARY:Entry {n}\nEND:VEVENT\n"
        for n in range(ENTRIES)
    )


def _bare_series() -> int:
    """Only the starts: dateutil, and the zone of the standard library."""
    count = 0
    for at in _starts(SERIES):
        for start in rrulestr("FREQ=WEEKLY", dtstart=at.replace(year=2024, tzinfo=None)):
            if start.year > YEARS[-1]:
                break
            start.replace(tzinfo=BERLIN).astimezone(UTC)
            count += start.year >= YEARS[0]
    return count


def _bare_single() -> int:
    """Only the starts: one call of the standard library each."""
    for n in range(ENTRIES):
        text = f"2026{1 + n % 12:02}{1 + n % 28:02}T080000"
        datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=BERLIN).astimezone(UTC)
    return ENTRIES


def cost(work: Callable[[], int]) -> tuple[float, int]:
    """The least processor seconds of some rounds, and what the work returns."""
    times = []
    result = 0
    for _ in range(ROUNDS):
        begun = time.process_time()
        result = work()
        times.append(time.process_time() - begun)
    return min(times), result


def rows_of(text: str) -> int:
    """How many occurrences a text has for us."""
    reading = read(f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n", YEARS, must_be_calendar=True)
    if reading.error or reading.note:
        raise SystemExit(f"Not read whole: {reading.error or reading.note}")
    return len(reading.rows)


def main() -> int:
    """Run and print."""
    budget = PlannerSettings.model_fields["calendar_read_seconds"].default
    bare = {"series": cost(_bare_series), "entries": cost(_bare_single)}
    for kind, (seconds, count) in bare.items():
        print(f"bare, {kind}: {seconds * 1000:.0f} ms for {count:,} starts")
    files = {
        ("entries", f"{ENTRIES:,} entries in Europe/Berlin"): _single("Europe/Berlin"),
        ("entries", f"{ENTRIES:,} entries in a zone of the file"): CUSTOM + _single("Headquarters"),
        ("series", f"{SERIES:,} weekly series in Europe/Berlin"): _series("Europe/Berlin"),
        ("series", f"{SERIES:,} weekly series in a zone of the file"): CUSTOM + _series("Headquarters"),
        ("series", f"{SERIES:,} series that are over"): _series("Europe/Berlin", "FREQ=WEEKLY;UNTIL=20241231T000000Z"),
    }
    kept = True
    for (kind, name), text in files.items():
        seconds, count = cost(lambda text=text: rows_of(text))  # type: ignore[misc]
        kept = kept and seconds <= budget
        ratio = seconds / bare[kind][0]
        print(f"{name}: {seconds * 1000:.0f} ms, {count:,} occurrences, {ratio:.2f} times the bare one")
    print(f"budget {budget:g} s: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
