"""The pages for people with axe-core (npm), in light and dark, and by keyboard alone."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import web_service
from notechondria_launcher.stack import Stack
from tests.support.axe import AXE, NOT_RUN, faults
from tests.support.browser import opened
from tests.support.client import PASSWORD, Api, User
from tests.support.people import forget_steps, public_url
from tests.support.programs import Program
from tests.support.visit import Visit

pytestmark = pytest.mark.browser
WEB = Path(web_service.__file__).parent


@pytest.fixture
def visit(stack: Stack, pictures: Path) -> Iterator[Visit]:
    with opened() as browser:
        yield Visit(browser, public_url(stack), pictures, "/account/")


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


@pytest.mark.parametrize("part", ["site", "admin"])
def test_the_dark_is_colours_alone(part: str) -> None:
    """So axe need not try what does not look at colours a second time (`tests/support/axe.py`)."""
    sheet = (WEB / part / "style.css").read_text(encoding="utf-8")
    (block,) = re.findall(r"@media[^{]*prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}", sheet)
    assert sheet.count("prefers-color-scheme") == 1
    assert re.fullmatch(r"(\s*--[a-z0-9-]+: #[0-9a-f]{6};)+\s*", block), block


def sign_in(visit: Visit, user: User) -> None:
    visit.open("sign-in/")
    visit.fill("User name", user.username)
    visit.fill("Password", PASSWORD)
    visit.press("Sign in")


@pytest.mark.skipif(not AXE.exists(), reason=NOT_RUN)
def test_axe_finds_no_fault(api: Api, visit: Visit, user: User, stack: Stack) -> None:
    visit.open("sign-in/")
    visit.driver.execute_script("document.querySelector('label').remove()")
    assert [fault for fault in faults(visit) if " label:" in fault], "axe sees what is wrong"
    found: list[str] = []
    for path in ("sign-in/", "sign-up/", "verify/", "forgotten/", "nothing/", "apps/?redirect_uri=x"):
        visit.open(path)
        found += faults(visit)
    visit.open("sign-up/")
    visit.fill("User name", user.username)
    visit.fill("E-mail address", "a@example.org")
    visit.fill("Password", "Password1")
    visit.press("Go on")
    found += faults(visit)
    visit.fill("User name", f"mira{secrets.token_hex(3)}")
    visit.fill("Password", PASSWORD)
    visit.press("Go on")
    found += faults(visit)
    visit.open("forgotten/")
    visit.fill("E-mail address", user.email)
    visit.press("Mail the code")
    found += faults(visit)
    sign_in(visit, user)
    found += faults(visit)
    visit.open("security/")
    visit.press("Set up an authenticator app")
    found += faults(visit)
    visit.fill("Password", PASSWORD)
    visit.press("Confirm")
    found += faults(visit)
    visit.press("Add a passkey")
    found += faults(visit)
    visit.open("security/")
    visit.press("Set up an authenticator app")
    found += faults(visit)
    secret = visit.driver.find_element(By.CLASS_NAME, "secret").text
    visit.fill("Six digits", pyotp.TOTP(secret).at(int(time.time())))
    visit.press("Set up")
    found += faults(visit)
    visit.follow("They are written down")
    visit.fill("Name of the program", "Old editor")
    visit.press("Make an app password")
    found += faults(visit)
    for path in ("security/", "log/", "devices/", "confirm/"):
        visit.open(path)
        found += faults(visit)
    visit.press("Sign out")
    sign_in(visit, user)
    found += faults(visit)
    forget_steps(stack, user)
    assert not found, "\n".join(found)


@pytest.mark.skipif(not AXE.exists(), reason=NOT_RUN)
def test_axe_finds_no_fault_where_programs_are_connected(api: Api, visit: Visit, user: User, stack: Stack) -> None:
    sign_in(visit, user)
    found: list[str] = []
    local, app = Program.registered(api, "http://127.0.0.1/callback"), Program.registered(api, "cursor://app/callback")
    for program in (Program.registered(api), local, app):
        visit.driver.get(f"{public_url(stack)}/oauth/authorize?{program.query()}")
        assert "Connect A program?" in visit.driver.title
        found += faults(visit)
    visit.press("Allow")
    assert "cursor" in visit.driver.title
    visit.driver.get(f"{public_url(stack)}/oauth/authorize?client_id=nobody")
    found += faults(visit)
    visit.open("agents/")
    found += faults(visit)
    local.connect(user)
    visit.open("agents/")
    found += faults(visit)
    assert not found, "\n".join(found)


def focused(visit: Visit) -> str:
    """What has the focus, by its words or its name."""
    element = visit.driver.switch_to.active_element
    words = "" if element.tag_name in {"main", "body"} else element.text.strip()
    return words or element.get_attribute("name") or element.tag_name


def tab_to(visit: Visit, words: str) -> list[str]:
    """Press Tab until what is called so has the focus; what had it on the way."""
    passed: list[str] = []
    while words not in (here := focused(visit)):
        passed.append(here)
        assert len(passed) < 40, f"{words} cannot be reached: {passed}"
        ActionChains(visit.driver).send_keys(Keys.TAB).perform()
    return passed


def type_keys(visit: Visit, *keys: str) -> None:
    ActionChains(visit.driver).send_keys(*keys).perform()


def go(visit: Visit) -> None:
    """Press Enter and wait for the next page."""
    visit.leave_by(lambda: type_keys(visit, Keys.ENTER))


def test_everything_is_reached_by_keyboard(visit: Visit, user: User) -> None:
    visit.open("sign-in/")
    assert focused(visit) == "identifier"
    type_keys(visit, user.username, Keys.TAB, PASSWORD)
    go(visit)
    assert visit.path == "/account/"
    visit.open("")
    type_keys(visit, Keys.TAB)
    assert focused(visit) == "Skip to the content"
    type_keys(visit, Keys.ENTER)
    tab_to(visit, "Security")
    go(visit)
    assert visit.path == "/account/security/"
    outline = re.compile(r"(\d+)px")
    passed = tab_to(visit, "Set up an authenticator app")
    assert "Sign out" in passed
    width = outline.search(visit.driver.switch_to.active_element.value_of_css_property("outline-width"))
    assert width is not None
    assert int(width[1]) >= 2, "the focus is not seen"
    go(visit)
    assert visit.path == "/account/confirm/"
    assert focused(visit) == "password"
    type_keys(visit, PASSWORD)
    go(visit)
    tab_to(visit, "new_devices_only")
    type_keys(visit, Keys.SPACE)
    tab_to(visit, "Keep")
    go(visit)
    assert visit.notice() == "It is kept."
    assert visit.driver.find_element(By.NAME, "new_devices_only").is_selected()
    tab_to(visit, "Sign out")
    go(visit)
    assert visit.path == "/account/sign-in/"
