"""Calendars that are broken or mean harm: they cost their budget, and nothing else notices (planner §5.3)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from services.planner.tests.calls import create_feed, entries, feeds_of, refresh_feed, spans, subscribe, titles
from services.planner.tests.feed_server import SEMINAR, FeedServer, vcalendar, vevent
from services.planner.tests.support import Tables
from tests.support.client import User, eventually

from planner_service.calendars.decoding import BROKEN, GUESSED, MIXED
from planner_service.calendars.lines import MOST_ENTRIES, split
from planner_service.calendars.pool import Busy, ReaderPool
from planner_service.calendars.reading import MOST_OCCURRENCES, NOT_A_CALENDAR, TOO_MANY_ENTRIES, Reading, read

FOLDER = Path(__file__).parent / "calendars"
YEARS = [2025, 2026, 2027]
NUMBERS = {unit: ",".join(map(str, range(many))) for unit, many in (("HOUR", 24), ("MINUTE", 60), ("SECOND", 60))}
RULE = "FREQ=DAILY;" + ";".join(f"BY{unit}={given}" for unit, given in NUMBERS.items())
BOMB = vcalendar(vevent("19700101T000000Z", UID="u", RRULE=RULE))
TOO_LONG = "Reading it takes longer than 2 s."


@pytest.mark.contract("planner §5.3")
def test_a_hostile_calendar_costs_its_budget_and_nothing_else(
    ann: User, ben: User, feeds: FeedServer, tables: Tables
) -> None:
    create_feed(ben, raw_ical=SEMINAR)
    bombs = [feeds.page(BOMB.replace("UID:u", f"UID:u{n}"))[0] for n in range(2)]
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(subscribe, ann, url) for url in bombs]
        eventually(lambda: all(tables.count("calendar_sources", url=url) for url in bombs))
        # Others read their week, and have calendars read, while every reader has a bomb.
        assert titles(ben) == ["Seminar"]
        assert not any(job.done() for job in jobs)
        subscribe(ben, feeds.page(SEMINAR)[0])
        assert {job.result()["import_summary"]["ok"] for job in jobs} == {False}
    eventually(lambda: titles(ben) == ["Seminar", "Seminar"], seconds=30)
    eventually(lambda: [feed["last_error"] for feed in feeds_of(ann)] == [TOO_LONG] * 2, seconds=30)
    assert entries(ann) == []


@pytest.mark.contract("planner §5.3")
def test_a_calendar_that_becomes_hostile_contributes_nothing(ann: User, feeds: FeedServer) -> None:
    url, page = feeds.page(SEMINAR)
    feed = subscribe(ann, url)
    page.body = BOMB.encode()
    refresh_feed(ann, feed)
    eventually(lambda: feeds_of(ann)[0]["last_error"] == TOO_LONG, seconds=30)
    assert (feeds_of(ann)[0]["entry_count"], titles(ann)) == (0, [])
    page.body = SEMINAR.encode()
    assert refresh_feed(ann, feed)["last_error"] is None
    assert titles(ann) == ["Seminar"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(("many", "note"), [(20_000, None), (20_001, TOO_MANY_ENTRIES)])
def test_the_number_of_entries_is_limited(ann: User, many: int, note: str | None) -> None:
    text = "".join(f"BEGIN:VEVENT\nDTSTART:20200506T080000Z\nUID:{n}\nEND:VEVENT\n" for n in range(many))
    create_feed(ann, raw_ical=text)
    # On a loaded machine reading goes on after the answer.
    eventually(lambda: feeds_of(ann)[0]["last_sync"] or feeds_of(ann)[0]["last_error"], seconds=30)
    feed = feeds_of(ann)[0]
    assert (feed["last_error"], feed["entry_count"], feed["health"]["ok"]) == (note, 20_000, True)


@pytest.mark.contract("planner §5.3", "planner §5.2")
@pytest.mark.parametrize(("more", "error"), [(0, None), (1, "It is larger than 10 MB.")])
def test_a_calendar_has_at_most_10_mib(ann: User, more: int, error: str | None) -> None:
    text = SEMINAR.strip()
    text = f"X-PADDING:{'x' * (10 * 1024 * 1024 - len(text) - 11 + more)}\n{text}"
    assert len(text) == 10 * 1024 * 1024 + more
    feed = create_feed(ann, raw_ical=text)
    assert (feed["last_error"], feed["entry_count"]) == (error, 0 if error else 1)


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("freq", ["SECONDLY", "MINUTELY", "HOURLY"])
def test_sub_daily_rules_count_once(ann: User, freq: str) -> None:
    create_feed(ann, raw_ical=vcalendar(vevent("20260506T080000Z", UID="u", RRULE=f"FREQ={freq}", SUMMARY="x")))
    assert spans(ann) == [("x", "2026-05-06T08:00:00+00:00", "2026-05-06T09:00:00+00:00")]


def corpus() -> Iterator[Path]:
    """The calendars that come with the libraries, collected from bug reports of many years."""
    for library in (icalendar, recurring_ical_events):
        yield from sorted(Path(str(library.__file__)).parent.glob("test*/calendars/**/*.ics"))


@pytest.mark.contract("planner §5.3")
def test_corpus_of_the_libraries() -> None:
    files = list(corpus())
    # The wheels hold the test calendars of their sdists; a version without them needs another way to them.
    assert len(files) > 200
    read_files = entries = 0
    for file in files:
        text = file.read_bytes().decode("utf-8", "replace").replace("\x00", "")
        reading = read(text, YEARS, must_be_calendar=False)
        read_files += reading.error is None
        entries += reading.count
    assert read_files > 180
    assert entries > 1000


SEEDS = [file.read_bytes() for file in sorted(FOLDER.glob("*.ics"))]
EXAMPLES = 2100


def mutated(dice: random.Random) -> bytes:
    """A calendar with bytes changed, cut, doubled and swapped."""
    data = bytearray(dice.choice(SEEDS))
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(len(data))
        length = dice.randint(1, 60)
        piece = data[at : at + length]
        match dice.randrange(4):
            case 0:
                data[at] = dice.randrange(256)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = piece * dice.randint(1, 3)
            case _:
                to = dice.randrange(len(data))
                data[to : to + length] = piece
    return bytes(data)


def as_text(data: bytes) -> str:
    """What a reader is given; of bytes that are no UTF-8, which are refused before, as much as can be read."""
    return data.decode("utf-8-sig", "replace").replace("\x00", "")


@pytest.mark.contract("planner §5.3")
def test_fuzz_never_stops_the_readers_for_good() -> None:
    async def run() -> list[Reading]:
        pool = ReaderPool(2, 2.0, waiting=100)
        dice = random.Random(5545)  # noqa: S311 - the same every time
        readings: list[Reading] = []
        try:
            while len(readings) < EXAMPLES:
                batch = [as_text(mutated(dice)) for _ in range(50)]
                readings += await asyncio.gather(*(pool.read(text, [2026]) for text in batch))
            fine = vcalendar(vevent("20260506T080000Z"))
            after = await asyncio.gather(*(pool.read(fine, [2026]) for _ in range(4)))
            assert [reading.count for reading in after] == [1] * 4
        finally:
            await pool.close()
        return readings

    readings = asyncio.run(run())
    assert len(readings) >= EXAMPLES
    assert {reading.error for reading in readings} <= {None, NOT_A_CALENDAR}
    # Most examples are still calendars: it is not only their refusal that was tried.
    assert sum(reading.count > 0 for reading in readings) > EXAMPLES / 2


@pytest.mark.contract("planner §5.3")
def test_fuzzed_bytes_over_http(eve: User, feeds: FeedServer) -> None:
    dice = random.Random(7986)  # noqa: S311 - the same every time
    url, page = feeds.page(SEMINAR)
    for _ in range(100):
        url, page = feeds.page(mutated(dice))
        feed = subscribe(eve, url)
        assert feed["import_summary"]["ok"] is (feed["entry_count"] > 0)
        assert feed["last_error"] in {None, NOT_A_CALENDAR, GUESSED, MIXED, BROKEN}
        assert eve.get("activity/week/?start_date=2026-10-12&days=30").status_code == 200
        page.body = SEMINAR.encode()
        assert eve.delete(f"calendar-feeds/{feed['id']}/").status_code == 204
    assert subscribe(eve, feeds.page(SEMINAR)[0])["entry_count"] == 1


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('BEGIN:VEVENT\r\n \t;=,"DTSTARTUMMY2026Z\\'), max_size=200))
def test_any_text_is_split(text: str) -> None:
    split(text)
    assert read(text, [2026], must_be_calendar=False).count >= 0


MEGABYTES = 8_000_000
DAILY = "DTSTART:19700101T000000Z\nRRULE:FREQ=DAILY\n"
SHAPES = {
    "one line": "BEGIN:VEVENT\nSUMMARY:" + "x" * MEGABYTES,
    "one folded line": "BEGIN:VEVENT\nSUMMARY:x" + "\n x" * (MEGABYTES // 3),
    "indents": "BEGIN:VEVENT\n" + " " * MEGABYTES + "\nEND:VEVENT",
    "quotes": 'BEGIN:VEVENT\nDTSTART;X="' + '";X="' * (MEGABYTES // 5),
    "nothing but begins": "BEGIN:A\n" * (MEGABYTES // 8),
    "begins of entries": "BEGIN:VEVENT\n" * (MEGABYTES // 13),
    "an endless zone": "BEGIN:VTIMEZONE\nTZID:A\n" + "RRULE:FREQ=SECONDLY\n" * (MEGABYTES // 20),
    "zones without end": "BEGIN:VTIMEZONE\nTZID:A\nBEGIN:STANDARD\nDTSTART:19700101T000000\nRRULE:FREQ=SECONDLY\n"
    "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\n"
    "DTSTART;TZID=A:20260506T080000\nRRULE:FREQ=DAILY\nEND:VEVENT",
    "dates": f"BEGIN:VEVENT\n{DAILY}RDATE:" + "20260506T080000Z," * (MEGABYTES // 17) + "\nEND:VEVENT",
    "exceptions": f"BEGIN:VEVENT\n{DAILY}EXDATE:" + "20260506T080000Z," * (MEGABYTES // 17) + "\nEND:VEVENT",
    "changed days": f"BEGIN:VEVENT\nUID:u\n{DAILY}END:VEVENT\n"
    + "".join(
        f"BEGIN:VEVENT\nUID:u\nDTSTART:20260506T080000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:2026{m:02}{d:02}T000000Z\n"
        "END:VEVENT\n"
        for m in range(1, 13)
        for d in range(1, 29)
    ),
    "series": f"BEGIN:VEVENT\n{DAILY}END:VEVENT\n" * 19_999,
    "rules": "BEGIN:VEVENT\nDTSTART:19700101T000000Z\n" + "RRULE:FREQ=DAILY\n" * 100_000 + "END:VEVENT",
    "an entry of ages": "BEGIN:VEVENT\nDTSTART:00010101T000000Z\nDTEND:99991231T235959Z\nRRULE:FREQ=DAILY\nEND:VEVENT",
    "a zone's name": f"BEGIN:VEVENT\nDTSTART;TZID={'A/' * 100_000}:20260506T080000\nEND:VEVENT",
    "a number": f"BEGIN:VEVENT\nDTSTART:20260506T080000Z\nRRULE:FREQ=DAILY;INTERVAL={'9' * 100_000}\nEND:VEVENT",
}


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_that_cost_much_cost_their_budget_at_most(shape: str) -> None:
    async def run() -> tuple[Reading, Reading]:
        pool = ReaderPool(1, 1.0)
        try:
            return await pool.read(SHAPES[shape], [2026]), await pool.read(SEMINAR, [2026])
        finally:
            await pool.close()

    hostile, after = asyncio.run(run())
    assert hostile.error is None or hostile.error in {
        NOT_A_CALENDAR,
        "Reading it takes longer than 1 s.",
        "Reading it takes too much memory.",
    }
    assert len(hostile.rows) <= MOST_ENTRIES + MOST_OCCURRENCES
    assert (after.count, after.error) == (1, None)


@pytest.mark.contract("planner §5.3")
def test_a_reader_is_killed_at_its_budget_and_replaced() -> None:
    everything = ";".join(f"BY{unit}={','.join(map(str, range(60)))}" for unit in ("MINUTE", "SECOND"))
    bomb = vcalendar(vevent("19700101T000000Z", UID="u", RRULE=f"FREQ=DAILY;{everything}"))
    fine = vcalendar(vevent("20260506T080000Z"))

    async def run() -> None:
        pool = ReaderPool(1, 0.3, waiting=3)
        try:
            begun = time.monotonic()
            first, second, third = await asyncio.gather(
                pool.read(bomb, [2026]), pool.read(fine, [2026]), pool.read(bomb, [2026])
            )
            assert first.error == third.error == "Reading it takes longer than 0.3 s."
            assert second.count == 1
            assert time.monotonic() - begun < 10
            waiting = [asyncio.create_task(pool.read(fine, [2026])) for _ in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await pool.read(fine, [2026])
            assert [reading.count for reading in await asyncio.gather(*waiting)] == [1, 1, 1]
        finally:
            await pool.close()

    asyncio.run(run())
