"""The administration site in a real browser with scripts switched off, and what others see of it through the API.

Screenshots are kept in pytest's temporary folder (`--basetemp` says where).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from selenium.common.exceptions import NoSuchElementException
from selenium.webdriver.common.by import By

from notechondria_launcher.stack import Stack
from tests.support.admin import forget_password, make_staff, note_created
from tests.support.browser import opened
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.mcp import call_tool
from tests.support.visit import Visit

pytestmark = pytest.mark.browser
LISTS = {
    "Users": "users",
    "Sessions": "sessions",
    "Invitations": "invitations",
    "Programs": "programs",
    "Courses": "courses",
    "Notes": "notes",
    "Events": "events",
    "Feeds": "feeds",
    "Dead letters": "dead-letters",
    "Agents' log": "calls",
}


@pytest.fixture(scope="module")
def visit(api: Api, pictures: Path) -> Iterator[Visit]:
    with opened(scripts=False) as browser:
        browser.driver.get("data:text/html,<title>still</title><script>document.title = 'ran'</script>")
        assert browser.driver.title == "still"
        yield Visit(browser, api.stack.url, pictures)


@pytest.fixture
def staff(api: Api, visit: Visit) -> User:
    """Somebody of staff, signed in."""
    visit.driver.delete_all_cookies()
    user = make_staff(api, api.register())
    visit.sign_in(user)
    assert visit.path == "/admin/"
    return user


@pytest.fixture
def belongings(api: Api) -> User:
    """A user with something in each list."""
    user = api.sign_up(f"sam-{secrets.token_hex(3)}")
    course = user.post("courses/", {"title": "Botany for beginners"}).json()
    user.post(
        "notes/", {"title": "Ferns of the valley", "content": "Fronds, and more. " * 40, "course_id": course["id"]}
    )
    user.post("planner-events/", {"title": "Excursion", "event_date": "2030-05-06", "course_id": course["id"]})
    user.post("calendar-feeds/", {"title": "Club", "source_url": "http://127.0.0.1:9/private-key/club.ics"})
    call_tool(api, user.rotate_key(), "list_notes", {})
    return user


def test_signing_in_and_out(api: Api, visit: Visit) -> None:
    visit.driver.delete_all_cookies()
    visit.open("notes/")
    assert visit.path == "/admin/sign-in/"
    visit.picture("01-sign-in")
    visit.fill("User name", "nobody")
    visit.fill("Password", "wrong")
    visit.press("Sign in")
    assert "no account matches" in visit.text
    visit.picture("02-sign-in-refused")
    user = make_staff(api, api.register())
    visit.fill("User name", user.username)
    visit.fill("Password", PASSWORD)
    visit.press("Sign in")
    assert visit.path == "/admin/notes/"
    (cookie,) = visit.driver.get_cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/admin/")
    visit.press("Sign out")
    assert "You are signed out." in visit.text
    visit.open("notes/")
    assert visit.path == "/admin/sign-in/"
    sessions = user.get("auth/sessions/").json()["sessions"]
    assert [row["is_current"] for row in sessions] == [True]


@pytest.mark.usefixtures("staff")
def test_through_all_lists(visit: Visit, belongings: User) -> None:
    visit.browser.complaints()
    visit.browser.requests()
    visit.open("")
    visit.picture("03-overview")
    for number, (title, name) in enumerate(LISTS.items(), 4):
        visit.follow(title)
        assert visit.driver.find_element(By.TAG_NAME, "h1").text == title
        assert visit.path == f"/admin/{name}/"
        visit.picture(f"{number:02}-{name}")
        if name in {"courses", "notes", "events", "feeds", "calls"}:
            visit.fill("User", belongings.username)
            visit.press("Search")
            visit.follow_first_row()
            assert belongings.username in visit.text
            visit.picture(f"{number:02}-{name}-one")
        visit.open("")
    # Nothing of the policy was broken, and nothing came from elsewhere.
    assert visit.browser.complaints() == []
    hosts = {urlsplit(url).netloc for _, url in visit.browser.requests()}
    assert len(hosts) == 1
    # On a telephone nothing is cut off: what is wide can be moved inside its own frame.
    visit.driver.set_window_size(500, 900)
    try:
        for name in ("", "users/", "notes/", "invitations/new/"):
            visit.open(name)
            width = visit.driver.find_element(By.TAG_NAME, "body").size["width"]
            header = visit.driver.find_element(By.TAG_NAME, "main").size["width"]
            assert header <= width <= 500
            visit.picture(f"13-narrow-{name.strip('/').replace('/', '-') or 'overview'}")
        visit.in_the_dark()
        visit.open("users/1/delete/")
        visit.picture("13-dark-confirm")
        visit.open("notes/")
        visit.picture("13-dark-notes")
    finally:
        visit.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {})
        visit.driver.set_window_size(1280, 900)


@pytest.mark.usefixtures("staff")
def test_an_account_is_disabled_and_enabled(api: Api, visit: Visit) -> None:
    user = api.register()
    visit.open("users/")
    visit.fill("Search", user.username)
    visit.press("Search")
    visit.follow(user.username)
    visit.picture("14-user")
    visit.follow("Disable")
    assert "signed out everywhere" in visit.text
    visit.picture("15-confirm")
    visit.press("Disable")
    assert visit.notice() == "The account is disabled and signed out everywhere."
    visit.picture("16-disabled")
    assert user.get("settings/").status_code == 401
    assert api.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 400
    visit.press("Enable")
    assert api.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 200
    visit.follow("Issue a code")
    visit.press("Issue a code")
    assert len(visit.driver.find_element(By.CLASS_NAME, "code").text) == 6
    visit.picture("17-code")


def test_power_asks_for_the_password_again(api: Api, visit: Visit, staff: User) -> None:
    user = api.register()
    forget_password(api, staff)
    visit.open(f"users/{user.id}/")
    visit.follow("Make staff")
    visit.press("Make staff")
    assert visit.driver.find_element(By.TAG_NAME, "h1").text == "Enter your password"
    visit.picture("17-password")
    visit.fill("Your own password", "Wrong-horse-7")
    visit.press("Make staff")
    assert "the password is wrong" in visit.text
    visit.picture("17-password-refused")
    visit.fill("Your own password", PASSWORD)
    visit.press("Make staff")
    assert visit.notice() == "The account is staff."


@pytest.mark.usefixtures("staff")
def test_a_session_is_revoked(api: Api, visit: Visit) -> None:
    user = api.register()
    visit.open("sessions/")
    visit.fill("User", user.username)
    visit.press("Search")
    visit.follow_first_row()
    visit.follow("Revoke")
    visit.press("Revoke")
    assert visit.notice() == "The session has ended."
    assert user.get("settings/").status_code == 401
    assert user.get("notes/").status_code == 401


@pytest.mark.usefixtures("staff")
def test_an_invitation_is_made_and_expires(api: Api, visit: Visit, stack: Stack) -> None:
    code = secrets.token_hex(6)
    try:
        visit.open("invitations/")
        visit.follow("New invitation")
        visit.fill("Code", code)
        visit.fill("Label", "For friends")
        visit.fill("How often", "many")
        visit.press("Create")
        assert "valid integer" in visit.text
        visit.picture("18-invitation-refused")
        visit.fill("How often", "2")
        visit.fill("Expires", "2099-01-31T18:00")
        visit.press("Create")
        assert visit.notice() == "It is made."
        assert "2099-01-31 18:00 UTC" in visit.text
        body = {"invitation_code": code}
        assert api.post("auth/validate-invitation/", body).json() == {"required": True, "valid": True}
        visit.follow("Expire now")
        visit.press("Expire now")
        assert visit.notice() == "The invitation has expired."
        visit.picture("19-invitation")
        assert api.post("auth/validate-invitation/", body).json() == {"required": True, "valid": False}
    finally:
        with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
            identity.execute("DELETE FROM invitations")


@pytest.mark.usefixtures("staff")
def test_a_note_goes_to_the_bin_and_comes_back_and_an_event_goes(visit: Visit, belongings: User) -> None:
    (note,) = (row for row in belongings.get("notes/").json() if row["title"] == "Ferns of the valley")
    visit.open(f"notes/{note['id']}/")
    visit.follow("Move to the bin")
    visit.press("Move to the bin")
    assert visit.notice() == "The note is in its owner's bin."
    visit.picture("20-note-in-the-bin")
    assert belongings.get(f"notes/{note['id']}/").status_code == 404
    visit.press("Restore")
    assert belongings.get(f"notes/{note['id']}/").status_code == 200
    (event,) = belongings.get("planner-events/").json()
    visit.open(f"events/{event['id']}/")
    visit.follow("Delete")
    visit.follow("Cancel")
    assert belongings.get(f"planner-events/{event['id']}/").status_code == 200
    visit.follow("Delete")
    visit.press("Delete")
    assert visit.notice() == "The event is deleted."
    assert belongings.get(f"planner-events/{event['id']}/").status_code == 404
    visit.open(f"events/{event['id']}/")
    visit.picture("21-not-found")
    assert "Not found" in visit.text


@pytest.mark.usefixtures("staff")
def test_a_dead_letter_is_replayed(visit: Visit, belongings: User, stack: Stack) -> None:
    """An event that its consumer could not take, as it lies there after the last try."""
    envelope = note_created(stack, belongings.get("notes/").json()[0]["id"])
    with psycopg.connect(stack.database_url("planner"), autocommit=True) as planner:
        planner.execute(
            "INSERT INTO dead_letters (event_id, subject, body, error, attempts) VALUES (%s, %s, %s, %s, 3)",
            [envelope["id"], envelope["type"], json.dumps(envelope), "TimeoutError: <script>the database</script>"],
        )
        visit.open("dead-letters/")
        visit.picture("22-dead-letters")
        visit.fill("Search", envelope["id"])
        visit.press("Search")
        visit.follow_first_row()
        assert "<script>the database</script>" in visit.text
        visit.press("Replay")
        assert visit.notice() == "The event went through."
        visit.picture("23-replayed")
        marked = planner.execute(
            "SELECT replayed_at FROM dead_letters WHERE event_id = %s", [envelope["id"]]
        ).fetchone()
        assert marked is not None
        assert marked[0] is not None
        planner.execute("DELETE FROM dead_letters WHERE event_id = %s", [envelope["id"]])


@pytest.mark.usefixtures("staff")
def test_a_service_that_is_away_and_one_that_is_no_staff(api: Api, visit: Visit, stack: Stack) -> None:
    stack.stop_part("planner")
    try:
        visit.open("events/")
        assert "planner service does not answer" in visit.text
        visit.picture("24-away")
        visit.open("")
        visit.picture("25-overview-away")
    finally:
        stack.start_part("planner")

    def is_back() -> bool:
        visit.open("events/")
        return "does not answer" not in visit.text

    eventually(is_back, what="planner is back")
    visit.driver.delete_all_cookies()
    visit.sign_in(api.register())
    assert "not staff" in visit.text
    visit.picture("26-not-staff")
    with pytest.raises(NoSuchElementException):
        visit.press("Sign out")
