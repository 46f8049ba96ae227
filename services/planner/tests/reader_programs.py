"""Other programs that read calendars, and what each shows of one: independent readers of RFC 5545."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events
import vobject

from planner_service.calendars.reading import from_seconds, read

ROOT = Path(__file__).resolve().parents[3]
NODE = ROOT / ".venv" / ".node"
SCRIPT = Path(__file__).parent / "readers" / "read.mjs"
Shown = list[tuple[str, str]]
"""Start and title of each entry: `2026-05-06T08:00` in UTC, `2026-05-06` of a whole day."""


def stamp(at: date | datetime) -> str:
    """A start as all readers are compared by."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}" if isinstance(at, datetime) else at.isoformat()


def of_ours(text: str, first: datetime, last: datetime) -> Shown:
    """What our week shows. A whole day is its midnight there (planner §5.4), and is shown here as the others do."""
    reading = read(text, range(first.year, last.year + 1), must_be_calendar=True)
    assert (reading.error, reading.note, reading.skipped) == (None, None, 0)
    return sorted((stamp(from_seconds(start)), title or "") for _, start, _, title, _ in reading.rows)


def of_recurring_ical_events(text: str, first: datetime, last: datetime) -> Shown:
    """The library recurring-ical-events."""
    calendar = icalendar.Calendar.from_ical(text)
    events = recurring_ical_events.of(calendar).between(first, last)
    return sorted(
        (stamp(event["DTSTART"].dt), str(event["SUMMARY"])) for event in events if event.get("STATUS") != "CANCELLED"
    )


def of_vobject(text: str, first: datetime, last: datetime) -> Shown:
    """The library vobject; it knows nothing of changed occurrences."""
    shown: Shown = []
    calendar: Any = vobject.readOne(text)
    for event in calendar.vevent_list:
        start = event.dtstart.value
        rules = event.getrruleset(addRDate=True)
        starts: Sequence[Any] = [start] if rules is None else []
        if rules is not None:
            zone = start.tzinfo if isinstance(start, datetime) else None
            low = first.astimezone(zone) if zone else first.replace(tzinfo=None)
            high = last.astimezone(zone) if zone else last.replace(tzinfo=None)
            starts = rules.between(low, high, inc=True)
        days = [at if isinstance(start, datetime) else (at.date() if isinstance(at, datetime) else at) for at in starts]
        shown += [(stamp(at), event.summary.value) for at in days]
    return sorted(shown)


def of_node(texts: Sequence[str], first: datetime, last: datetime) -> dict[str, list[Shown]]:
    """ical.js (Thunderbird, Nextcloud) and node-ical; an error is a row of its own. Skipped where there is no Node."""
    program = NODE / "node_modules" / ".bin" / "node"
    if not (NODE / "node_modules" / "node-ical").is_dir():
        pytest.skip("no ical.js and node-ical here (needs npm)")
    order = json.dumps({"calendars": list(texts), "from": first.isoformat(), "to": last.isoformat()})
    run = subprocess.run(
        [program, SCRIPT, NODE], input=order, capture_output=True, text=True, check=True, timeout=60, env={"TZ": "UTC"}
    )
    answers: dict[str, list[list[list[str]] | str]] = json.loads(run.stdout)
    return {
        name: [
            [("error", one)] if isinstance(one, str) else sorted((start, title) for start, title in one)
            for one in shown
        ]
        for name, shown in answers.items()
    }


def within(shown: Shown, first: datetime, last: datetime) -> Shown:
    """What starts between the two, each once."""
    return sorted({one for one in shown if f"{first:%Y-%m-%d}" <= one[0][:10] <= f"{last:%Y-%m-%d}"})
