"""Published calendars and calendars of others on the pages, over plain HTTP."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import httpx
import pytest
from services.planner.tests.feed_server import FeedServer
from tests.support.client import Api, User, eventually
from tests.support.people import Person, words

HOSTILE = "<script>alert(1)</script>"
CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:Campus <b>\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    f"DTSTAMP:20260101T000000Z\r\nDTSTART:20301201T100000Z\r\nSUMMARY:{HOSTILE}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def address_in(page: str) -> str:
    (address,) = re.findall(r'<p class="secret card">([^<]+\.ics)</p>', page)
    return str(address)


def read(api: Api, address: str, agent: str) -> httpx.Response:
    return httpx.get(f"{api.base}{urlsplit(address).path}", headers={"User-Agent": agent}, trust_env=False)


def test_a_calendar_is_published_read_renewed_and_removed(api: Api, ida: User, person: Person) -> None:
    course = ida.post("courses/", {"title": "Biology & more"}).json()
    eventually(lambda: "Biology &amp; more" in person.get("calendars/links/new/").text, what="the course is offered")
    wrong = person.submit("calendars/links/new/", {"name": "", "events": "yes"})
    assert wrong.status_code == 400
    assert 'id="name-problem-1"' in wrong.text
    nothing = person.submit("calendars/links/new/", {"name": "Empty"})
    assert nothing.status_code == 400
    assert "Choose at least one of" in nothing.text
    fields = {"name": "Phone <b>", "events": "yes", "deadlines": "yes", "course": str(course["id"]), "alarm": "30"}
    made = person.submit("calendars/links/new/", fields)
    assert made.status_code == 200
    address = address_in(made.text)
    assert f'href="webcal://{address.partition("://")[2]}"' in made.text
    assert "<svg" in made.text
    listed = person.get("calendars/").text
    assert "Phone &lt;b&gt;" in listed
    assert "plans, deadlines; only of Biology & more" in words(listed)
    assert "Nobody has read it yet." in listed
    assert urlsplit(address).path not in listed
    (link,) = ida.get("calendar-links/").json()
    assert (link["alarm_minutes"], link["include_sessions"]) == (30, False)
    assert read(api, address, "Google-Calendar-Importer").status_code == 200
    assert "by Google Calendar." in words(person.get("calendars/").text)
    base = f"calendars/links/{link['id']}/"
    assert "A new address for Phone &lt;b&gt;?" in person.get(f"{base}regenerate/").text
    renewed = address_in(person.submit(f"{base}regenerate/", {}).text)
    assert renewed != address
    assert read(api, address, "x").status_code == 401
    assert read(api, renewed, "x").status_code == 200
    assert person.submit(f"{base}remove/", {}).headers["location"] == "/account/calendars/"
    assert read(api, renewed, "x").status_code == 401
    assert person.get(f"{base}remove/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"), [("course", "x"), ("course", "-1"), ("course", "999999"), ("alarm", "x"), ("alarm", "7")]
)
def test_a_choice_that_is_not_offered_publishes_nothing(ida: User, person: Person, field: str, value: str) -> None:
    refused = person.submit("calendars/links/new/", {"name": "Kept", "events": "yes", field: value})
    assert refused.status_code == 400
    assert f'id="{field}-problem-1"' in refused.text
    assert 'value="Kept"' in refused.text
    assert ida.get("calendar-links/").json() == []


@pytest.mark.parametrize("course", ["x", "999999"])
def test_a_calendar_is_not_filed_in_a_course_that_is_not_there(ida: User, person: Person, course: str) -> None:
    fields = {"title": "Kept", "source_url": "http://127.0.0.1:9/x.ics", "course": course}
    refused = person.post("calendars/feeds/add/", csrf=person.csrf(), **fields)
    assert refused.status_code == 400
    assert 'id="course-problem-1"' in refused.text
    assert ida.get("calendar-feeds/").json() == []


def test_a_hostile_reader_is_shown_as_text(api: Api, person: Person) -> None:
    address = address_in(person.submit("calendars/links/new/", {"name": "A", "events": "yes"}).text)
    assert read(api, address, HOSTILE).status_code == 200
    page = person.get("calendars/").text
    assert HOSTILE not in page
    assert "by &lt;script&gt;alert" in page


def test_a_calendar_of_others_is_looked_at_added_read_and_removed(ida: User, person: Person, feeds: FeedServer) -> None:
    address, page = feeds.page(CALENDAR)
    assert person.submit("calendars/feeds/new/", {"source_url": "not an address"}).status_code == 400
    seen = person.submit("calendars/feeds/new/", {"source_url": address})
    assert seen.status_code == 200
    assert HOSTILE not in seen.text
    assert html.escape(HOSTILE) in seen.text
    assert 'value="Campus &lt;b&gt;"' in seen.text
    assert ida.get("calendar-feeds/").json() == []
    blank = person.post("calendars/feeds/add/", **person.hidden(seen.text), title="")
    assert blank.status_code == 400
    assert 'id="title-problem-1"' in blank.text
    assert person.post("calendars/feeds/add/", **person.hidden(blank.text), title="Campus").status_code == 303
    assert "reads well" in words(person.get("calendars/").text)
    (feed,) = ida.get("calendar-feeds/").json()
    asked = len(page.asked)
    page.body, page.status = HOSTILE.encode(), 500
    again = person.submit("calendars/", {}, action=f"/account/calendars/feeds/{feed['id']}/read/")
    assert again.headers["location"] == "/account/calendars/"
    assert len(page.asked) > asked
    listed = person.get("calendars/")
    assert "cannot be read" in words(listed.text)
    assert HOSTILE not in listed.text
    assert "Remove Campus?" in person.get(f"calendars/feeds/{feed['id']}/remove/").text
    assert person.submit(f"calendars/feeds/{feed['id']}/remove/", {}).status_code == 303
    assert ida.get("calendar-feeds/").json() == []


def test_an_address_of_this_machine_is_refused_in_words(person: Person) -> None:
    seen = person.submit("calendars/feeds/new/", {"source_url": "http://169.254.169.254/latest"})
    assert seen.status_code == 200
    assert 'role="alert"' in seen.text


def test_calendars_of_others_are_not_mine(api: Api, ida: User, person: Person, feeds: FeedServer) -> None:
    link = ida.post("calendar-links/", {"name": "Ida's"}).json()
    address, _ = feeds.page(CALENDAR)
    feed = ida.post("calendar-feeds/", {"title": "Ida's feed", "source_kind": "S", "source_url": address}).json()
    with Person(api) as stranger:
        stranger.sign_in(api.register().username)
        assert "Ida" not in stranger.get("calendars/").text.replace(ida.username, "")
        csrf = stranger.csrf()
        links, feeds_path = f"calendars/links/{link['id']}/", f"calendars/feeds/{feed['id']}/"
        for path in (f"{links}regenerate/", f"{links}remove/", f"{feeds_path}remove/"):
            assert stranger.get(path).status_code == 404
            assert stranger.post(path, csrf=csrf).status_code == 404
        assert stranger.post(f"{feeds_path}read/", csrf=csrf).status_code == 404
        for path in (f"{links}remove/", f"{feeds_path}read/", f"{feeds_path}remove/", "calendars/links/new/"):
            assert stranger.post(path, csrf=person.csrf()).status_code == 403
    assert len(ida.get("calendar-links/").json()) == len(ida.get("calendar-feeds/").json()) == 1


def test_it_is_said_how_to_subscribe(person: Person) -> None:
    page = words(person.get("calendars/subscribing/").text)
    for program in ("Google Calendar", "Apple Calendar", "Outlook", "Thunderbird"):
        assert program in page
