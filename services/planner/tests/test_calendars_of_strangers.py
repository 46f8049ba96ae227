"""Calendars that break a rule or leave a thing out, and still say what they mean (planner §5.3)."""

from __future__ import annotations

import gzip
from datetime import datetime

import brotli
import pytest
from dateutil.rrule import rrulestr
from services.planner.tests.calls import create_feed, subscribe, titles
from services.planner.tests.feed_server import SEMINAR, FeedServer, vcalendar, vevent
from services.planner.tests.test_calendar_reading import of_text, starts
from tests.support.client import User

from planner_service.calendar_sources.content_encoding import decoded
from planner_service.calendars.decoding import BROKEN, GUESSED, MIXED, decode
from planner_service.calendars.reading import read

BERLIN = ";TZID=Europe/Berlin:"
FIRST = f"{BERLIN}20261005T090000"
THREE = {"UID": "u", "RRULE": "FREQ=WEEKLY;COUNT=3"}
EXCLUDED = ["2026-10-05 07:00", "2026-10-19 07:00"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    "exdate",
    ["20261012T090000", f"{BERLIN}20261012T090000", "20261012T070000Z", ";VALUE=DATE:20261012", "20261012",
     "20261012T090000;20261026T090000", '"20261012T090000"'],
)  # fmt: skip
@pytest.mark.parametrize("zone", [[], ["X-WR-TIMEZONE:America/New_York"]])
def test_an_exception_without_a_zone_is_in_that_of_its_series(exdate: str, zone: list[str]) -> None:
    assert starts(*zone, vevent(FIRST, EXDATE=exdate, **THREE)) == EXCLUDED


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    "replaced", ["20261012T090000", "20261012T070000Z", f"{BERLIN}20261012T090000", ";VALUE=DATE:20261012"]
)
def test_a_replaced_occurrence_without_a_zone_is_one_of_its_series(replaced: str) -> None:
    moved = vevent("20261013T100000Z", UID="u", RECURRENCE_ID=replaced)
    assert starts(vevent(FIRST, **THREE), moved) == [EXCLUDED[0], "2026-10-13 10:00", EXCLUDED[1]]


@pytest.mark.contract("planner §5.3")
def test_other_times_without_a_zone_are_in_that_of_the_start() -> None:
    assert of_text(vevent(FIRST, DTEND="20261005T103000"))[0][1] == "2026-10-05 08:30"
    assert of_text(vevent("20261005T070000Z", DTEND="20261005T083000"))[0][1] == "2026-10-05 08:30"
    assert starts(vevent(FIRST, UID="u", RDATE="20261006T090000"))[1] == "2026-10-06 07:00"
    period = vevent(FIRST, UID="u", RDATE=";VALUE=PERIOD:20261006T090000/20261006T120000")
    assert of_text(period)[1][:2] == ("2026-10-06 07:00", "2026-10-06 10:00")
    cancelled = "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261012T090000\r\nSTATUS:CANCELLED\r\nEND:VEVENT"
    reading = read(vcalendar(vevent(FIRST, **THREE), cancelled), [2026], must_be_calendar=True)
    assert (len(reading.rows), reading.skipped) == (2, 0)


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;COUNT=2;X-NAME=one", ["05-14", "05-21"]),
        ("FREQ=WEEKLY;COUNT=2;BYDAY=;BYMONTH=", ["05-14", "05-21"]),
        ("FREQ=YEARLY;COUNT=1;BYWEEKNO=20", ["05-14"]),  # on the Thursday of the first, not the whole week
        ("FREQ=YEARLY;BYWEEKNO=20,21", ["05-14", "05-21"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=TH,FR", ["05-14", "05-15"]),
        ("FREQ=WEEKLY;COUNT=3\r\nEXRULE:FREQ=WEEKLY;INTERVAL=2", ["05-21"]),
    ],
)
def test_rules_say_what_they_say(rule: str, expected: list[str]) -> None:
    assert [at[5:10] for at in starts(vevent("20260514T080000Z", UID="u", RRULE=rule), years=[2026])] == expected


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (":20261005T080000+02", "2026-10-05 06:00"),
        (":20261005080000Z", "2026-10-05 08:00"),
        (":20261005T080000UTC", "2026-10-05 08:00"),
        (':"20261005T080000Z"', "2026-10-05 08:00"),
        (":20261005T080000Z;", "2026-10-05 08:00"),
        (":2026-10-05T8:00:00", "2026-10-05 08:00"),
        (" :20261005T080000Z", "2026-10-05 08:00"),
        ("; TZID = Europe/Berlin:20261005T080000", "2026-10-05 06:00"),
        (";TZID='Europe/Berlin':20261005T080000", "2026-10-05 06:00"),
        (";TZID=America/New York:20261005T080000", "2026-10-05 12:00"),
        (";TZID=W. Europe Daylight Time:20261005T080000", "2026-10-05 06:00"),
        (";TZID=+02:00:20261005T080000", "2026-10-05 06:00"),
        (";TZID=(GMT+01.00) Paris:20261005T080000", "2026-10-05 06:00"),
    ],
)
def test_a_start_is_read_where_its_meaning_is_plain(value: str, expected: str) -> None:
    assert starts(f"BEGIN:VEVENT\r\nDTSTART{value}\r\nEND:VEVENT") == [expected]


@pytest.mark.contract("planner §5.3", "decision 56")
@pytest.mark.parametrize(
    "name",
    ["tzone://Microsoft/Utc", "Coordinated Universal Time", "(UTC) Coordinated Universal Time", "(GMT) Greenwich"],
)
def test_names_of_utc_are_no_floating_times(name: str) -> None:
    assert starts("X-WR-TIMEZONE:Asia/Tokyo", vevent(f";TZID={name}:20261005T080000")) == ["2026-10-05 08:00"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("observance", "expected"),
    [
        (["DTSTART:16010101T000000", "TZOFFSETFROM:+05:30", "TZOFFSETTO:+05:30"], "06:30"),
        (["DTSTART:16010101T000000", "TZOFFSETFROM:0530", "TZOFFSETTO:0530"], "06:30"),
        (["DTSTART:16010101T000000", "TZOFFSETFROM:+05", "TZOFFSETTO:+05"], "07:00"),
        (["DTSTART:16010101", "TZOFFSETTO:+0530"], "06:30"),
        (["DTSTART:00000101T000000", "TZOFFSETFROM:+0530", "TZOFFSETTO:+0530"], "06:30"),
        (["TZOFFSETTO:+0530"], "06:30"),
        (["DTSTART:16010101T000000", "TZOFFSETFROM:+0600", "TZOFFSETTO:+0530", "RRULE:FREQ=YEARLY; X-A=1"], "06:30"),
    ],
)
def test_definitions_of_zones_that_leave_things_out(observance: list[str], expected: str) -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", *observance, "END:STANDARD", "END:VTIMEZONE"]
    for lines in (zone, [line.replace("STANDARD", "Standard") for line in zone]):
        assert starts(*lines, vevent(";TZID=Ours:20260506T120000"))[0].endswith(expected)


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("line", ["X-LIC-LOCATION:Europe/Berlin", "TZURL:http://tzurl.org/zoneinfo/Europe/Berlin"])
@pytest.mark.parametrize("rest", [[], ["BEGIN:STANDARD", "TZOFFSETTO:often", "END:STANDARD"]])
def test_a_definition_that_cannot_be_read_still_says_where_it_is(line: str, rest: list[str]) -> None:
    zone = ["BEGIN:VTIMEZONE", "TZID:Ours", line, *rest, "END:VTIMEZONE"]
    assert starts(*zone, vevent(";TZID=Ours:20260506T120000")) == ["2026-05-06 10:00"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("newer", ["LAST_MODIFIED", "DTSTAMP"])
def test_of_two_with_one_number_the_later_made_counts(newer: str) -> None:
    new = vevent("20260506T120000Z", UID="u", SUMMARY="New", **{newer: "20260102T000000Z"})
    old = vevent("20260506T120000Z", UID="u", SUMMARY="Old", **{newer: "20260101T000000Z"})
    assert of_text(new, old) == of_text(old, new) == [("2026-05-06 12:00", "2026-05-06 13:00", "New")]


@pytest.mark.contract("planner §5.3", "planner §3.3")
def test_what_was_cut_off_is_named(ann: User) -> None:
    text = vcalendar(vevent("20260506T080000Z", SUMMARY="Seminar"), "BEGIN:VEVENT", "SUMMARY:Lecture", "DTSTART:2026")
    feed = create_feed(ann, source_kind="I", raw_ical=text.removesuffix("END:VCALENDAR\r\n"))
    assert feed["skipped"] == {"count": 1, "reason": "Lecture: it has no END:VEVENT."}
    long = vcalendar(vevent("20260506T080000Z", SUMMARY="Long", DURATION="P9999999D"))
    feed = create_feed(ann, source_kind="I", raw_ical=long)
    assert feed["skipped"]["reason"] == "Long: its DURATION (P9999999D) cannot be read."
    assert titles(ann) == ["Seminar"]


def of_title(title: str) -> str:
    return vcalendar(vevent("20260506T080000Z", SUMMARY=title))


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize(
    ("body", "declared", "title", "note"),
    [
        (of_title("Übung").encode("utf-16-le"), "", "Übung", None),
        (of_title("Семинар").encode("utf-16-be"), "", "Семинар", None),
        (of_title("Семинар").encode("utf-32-le"), "utf-8", "Семинар", None),
        (of_title("Семинар").encode("utf-16") + b"\n", "", "Семинар", BROKEN),
        (b"\xef\xbb\xbf" * 2 + of_title("Übung").encode(), "", "Übung", None),
        (b"\xef\xbb\xbf" + of_title("Grüße für Übär").encode("cp1252"), "", "Grüße für Übär", GUESSED),
        # A text that was cut within a character, as by bytes: the others stay what they are.
        (of_title("Übung für Größe|").encode().replace(b"|", b"\xc3"), "utf-8", "Übung für GrößeÃ", MIXED),
        (of_title("Übung").encode() + of_title("é").encode("latin-1"), "", "Übung", MIXED),
        (of_title("„Spaß“ für Übermut").encode("cp1252"), "", "„Spaß“ für Übermut", GUESSED),
        (of_title("„Spaß“").encode("cp1252"), "iso-8859-1", "„Spaß“", None),
        (of_title("会議①").encode("cp932"), "Shift_JIS", "会議①", None),
        (of_title("镕会").encode("gbk"), "gb2312", "镕会", None),
        (of_title("ไทย").encode("cp874"), "TIS-620", "ไทย", None),
        (of_title("a|b").encode().replace(b"|", b"\xf0\x9f\r\r\n \x98\x80"), "", "a😀b", None),
        (of_title("a|b").encode().replace(b"|", b"\x89\xef\n \x8b\x63"), "shift_jis", "a会議b", None),
    ],
)  # fmt: skip
def test_characters_are_what_they_were(body: bytes, declared: str, title: str, note: str | None) -> None:
    text, said = decode(body, declared)
    assert said == note
    assert title in {row[3] for row in read(text, [2026], must_be_calendar=True).rows}


ONE = SEMINAR.encode()


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        *((name, ONE) for name in (
            "gzip", "deflate", "br", "zstd", "iso-8859-1", "text/calendar", "chunked", "aws-chunked", "gzip, deflate",
        )),
        *((name, gzip.compress(ONE)) for name in ("br", "deflate", "zstd", "gzip;q=1", '"gzip"', "unknown")),
        ("gzip", gzip.compress(gzip.compress(ONE))),
        ("br", brotli.compress(gzip.compress(ONE))),
        ("gzip", b"\xef\xbb\xbf\r\n" + ONE),
    ],
)  # fmt: skip
def test_what_a_server_says_of_its_compression_need_not_be_so(encoding: str, body: bytes) -> None:
    assert decoded(body, encoding, 100_000).endswith(ONE)


@pytest.mark.contract("planner §5.2")
@pytest.mark.parametrize("cookie", ["sid = 1; Path=/", 'sid="a b"; Path=/', "sid=1;HttpOnly", "sid=; Max-Age=9"])
def test_cookies_are_taken_as_browsers_take_them(ann: User, feeds: FeedServer, cookie: str) -> None:
    url, page = feeds.page(b"", status=302)
    page.headers |= {"Set-Cookie": cookie, "Location": url}

    def let_in() -> None:
        if "cookie" in page.asked[-1]:
            page.status, page.body = 200, ONE

    page.before = let_in
    assert subscribe(ann, url)["last_error"] is None
    value = cookie.partition(";")[0].partition("=")[2].strip()
    assert [asked.get("cookie") for asked in page.asked] == [None, f"sid={value}"]


@pytest.mark.contract("planner §5.3")
@pytest.mark.parametrize("begin", ["19520229", "19710131", "20000330", "19990104"])
@pytest.mark.parametrize(
    "rule",
    ["FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=3", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=5", "FREQ=MONTHLY;BYDAY=2TU,-1FR",
     "FREQ=YEARLY;BYMONTH=2,11;BYDAY=-1SU", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;COUNT=700",
     "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=MO",
     "FREQ=WEEKLY;BYDAY=FR,MO,WE;COUNT=4300", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SA;COUNT=500", "FREQ=DAILY;INTERVAL=7"],
)  # fmt: skip
def test_an_old_series_is_what_counting_from_its_first_gives(begin: str, rule: str) -> None:
    first = datetime.strptime(begin, "%Y%m%d")  # noqa: DTZ007 - local, as dateutil counts
    low, high = datetime(2026, 1, 1), datetime(2027, 12, 31)  # noqa: DTZ001
    counted = rrulestr(rule, dtstart=first).between(low, high, inc=True)
    shown = starts(vevent(f";VALUE=DATE:{begin}", UID="u", RRULE=rule), years=[2026, 2027])
    assert shown == [f"{at:%Y-%m-%d %H:%M}" for at in counted]
