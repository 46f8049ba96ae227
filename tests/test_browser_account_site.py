"""Every page of one's own in a real browser: looked at, held against axe-core, and full of what strangers wrote.

Screenshots are kept in pytest's temporary folder (`--basetemp` says where).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from services.planner.tests.feed_server import FeedServer

from notechondria_launcher.stack import Stack
from tests.support.axe import AXE, NOT_RUN, faults
from tests.support.browser import opened
from tests.support.client import PASSWORD, Api
from tests.support.full_account import FEED, HOSTILE, FullAccount, fill
from tests.support.people import public_url
from tests.support.visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def feeds() -> Iterator[FeedServer]:
    server = FeedServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def full(api: Api, feeds: FeedServer) -> FullAccount:
    address, _ = feeds.page(FEED.format(name="Campus"))
    return fill(api, api.register(), name="Cell biology", feed=address)


@pytest.fixture
def visit(stack: Stack, pictures: Path) -> Iterator[Visit]:
    with opened(scripts=False) as browser:
        yield Visit(browser, public_url(stack), pictures, "/account/")


def confirm(visit: Visit) -> None:
    visit.open("confirm/")
    visit.fill("Password", PASSWORD)
    visit.press("Confirm")


def test_every_page_is_looked_at(visit: Visit, full: FullAccount) -> None:
    visit.sign_in(full.user)
    confirm(visit)
    visit.browser.complaints()
    visit.browser.requests()
    for name, path in full.pages.items():
        visit.open(path)
        assert visit.path == urlsplit(f"/account/{path}").path, name
        visit.looks(name)
    visit.open("agents/keys/new/")
    visit.fill("Name", "Laptop")
    visit.press("Make the key")
    visit.looks("key-made")
    visit.open("calendars/links/new/")
    visit.fill("Name", "Telephone")
    visit.press("Make the address")
    visit.looks("link-made")
    visit.driver.get(f"{visit.address}/")
    visit.looks("landing-signed-in")
    visit.open("agents/undo/?day=2020-01-01")
    assert "nothing that can be taken back" in visit.text
    assert not visit.browser.complaints()
    own = urlsplit(visit.address).netloc
    assert {urlsplit(url).netloc for _, url in visit.browser.requests()} == {own}


def test_a_note_comes_back_from_the_bin_by_keyboard_alone(api: Api, visit: Visit) -> None:
    user = api.register()
    note = user.post("notes/", {"title": "Thrown away"}).json()
    user.delete(f"notes/{note['id']}/")
    visit.sign_in(user)
    visit.open("notes/bin/")
    for _ in range(40):
        ActionChains(visit.driver).send_keys(Keys.TAB).perform()
        focused = visit.driver.switch_to.active_element
        if focused.get_attribute("aria-label") == "Bring back: Thrown away":
            break
    visit.leave_by(ActionChains(visit.driver).send_keys(Keys.ENTER).perform)
    assert visit.notice() == "The note is back."
    assert user.get(f"notes/{note['id']}/").status_code == 200


@pytest.mark.skipif(not AXE.exists(), reason=NOT_RUN)
def test_axe_finds_no_fault_on_any_page(stack: Stack, full: FullAccount, pictures: Path) -> None:
    found: list[str] = []
    with opened() as browser:
        visit = Visit(browser, public_url(stack), pictures, "/account/")
        visit.driver.get(f"{visit.address}/")
        found += faults(visit)
        visit.sign_in(full.user)
        confirm(visit)
        for path in full.pages.values():
            visit.open(path)
            found += faults(visit)
        visit.open("profile/")
        visit.fill("User name", "x")
        visit.press("Save")
        found += faults(visit)
        visit.open("calendars/feeds/new/")
        visit.fill("Address", "http://127.0.0.1:9/nothing.ics")
        visit.press("Have a look")
        found += faults(visit)
    assert not found, "\n".join(found)


def test_what_strangers_wrote_is_text_on_every_page(api: Api, stack: Stack, feeds: FeedServer, pictures: Path) -> None:
    address, _ = feeds.page(FEED.format(name=HOSTILE))
    hostile = fill(api, api.register(), name=HOSTILE, feed=address)
    with opened() as browser:
        visit = Visit(browser, public_url(stack), pictures, "/account/")
        visit.sign_in(hostile.user)
        confirm(visit)
        visit.browser.complaints()
        visit.browser.requests()
        for name, path in hostile.pages.items():
            visit.open(path)
            assert visit.driver.title != "1", name
            assert not visit.driver.execute_script("return document.querySelector('main script, main img[onerror]')")
            size = visit.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            assert size["width"] <= 1280, name
        # An image or script that got through would be asked for, or refused by the policy with a line in the console.
        assert not visit.browser.complaints()
        own = urlsplit(visit.address).netloc
        assert {urlsplit(url).netloc for _, url in visit.browser.requests()} == {own}
