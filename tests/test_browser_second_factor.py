"""Authenticator, passkeys and recovery codes in a real browser, with its virtual authenticator for the passkeys."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support.wait import WebDriverWait

from notechondria_launcher.stack import Stack
from tests.support.browser import opened
from tests.support.client import PASSWORD, Api, User
from tests.support.people import forget_steps, public_url
from tests.support.visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


def opened_visit(stack: Stack, pictures: Path, *, scripts: bool) -> Iterator[Visit]:
    with opened(scripts=scripts) as browser:
        yield Visit(browser, public_url(stack), pictures, "/account/")


@pytest.fixture
def plain(stack: Stack, pictures: Path) -> Iterator[Visit]:
    """A browser that runs no scripts."""
    yield from opened_visit(stack, pictures, scripts=False)


@pytest.fixture
def visit(stack: Stack, pictures: Path) -> Iterator[Visit]:
    """A browser with a device that keeps passkeys and sees its owner."""
    for one in opened_visit(stack, pictures, scripts=True):
        options = VirtualAuthenticatorOptions(
            transport=VirtualAuthenticatorOptions.Transport.INTERNAL,
            has_resident_key=True,
            has_user_verification=True,
            is_user_verified=True,
        )
        one.driver.add_virtual_authenticator(options)
        yield one


def sign_in(visit: Visit, user: User) -> None:
    visit.open("sign-in/")
    visit.fill("User name", user.username)
    visit.fill("Password", PASSWORD)
    visit.press("Sign in")


def confirm(visit: Visit) -> None:
    assert visit.path == "/account/confirm/"
    visit.fill("Password", PASSWORD)
    visit.press("Confirm")
    assert visit.path == "/account/security/"


def reaches(visit: Visit, path: str) -> None:
    WebDriverWait(visit.driver, 30, 0.05).until(lambda _: visit.path == path)


def test_an_authenticator_without_scripts(plain: Visit, user: User, stack: Stack) -> None:
    sign_in(plain, user)
    plain.looks("40-home")
    plain.follow("Security")
    plain.looks("41-security")
    plain.press("Set up an authenticator app")
    plain.looks("42-confirm")
    confirm(plain)
    plain.press("Set up an authenticator app")
    plain.looks("43-authenticator")
    secret = plain.driver.find_element(By.CLASS_NAME, "secret").text
    plain.fill("Six digits", "000000")
    plain.press("Set up")
    assert "the code is wrong" in plain.text
    plain.fill("Six digits", pyotp.TOTP(secret).now())
    plain.press("Set up")
    plain.looks("44-recovery-codes")
    codes = [item.text for item in plain.driver.find_elements(By.CSS_SELECTOR, ".codes li")]
    assert len(codes) == 10
    plain.follow("They are written down")
    plain.fill("Name of the program", "Old editor")
    plain.press("Make an app password")
    plain.looks("45-app-password")
    plain.follow("Done")
    plain.looks("46-security-on")
    plain.press("Sign out")
    sign_in(plain, user)
    plain.looks("47-second-step")
    forget_steps(stack, user)
    plain.fill("Code", pyotp.TOTP(secret).at(int(time.time())))
    plain.press("Go on")
    assert plain.path == "/account/"
    plain.follow("Security log")
    assert "Second factor added: authenticator" in plain.text
    plain.looks("48-log")
    plain.open("devices/")
    plain.looks("49-devices")
    assert not [said for said in plain.browser.complaints() if "status of 4" not in said]


def test_passkeys(visit: Visit, user: User) -> None:
    sign_in(visit, user)
    visit.follow("Security")
    visit.press("Add a passkey")
    confirm(visit)
    visit.press("Add a passkey")
    visit.looks("50-new-passkey")
    visit.fill("Name", "Telephone")
    visit.press("Add a passkey")
    assert "recovery codes" in visit.text
    codes = [item.text for item in visit.driver.find_elements(By.CSS_SELECTOR, ".codes li")]
    visit.follow("They are written down")
    assert "Passkey: Telephone" in visit.text
    visit.press("Sign out")
    # Without a name: the device knows whose passkey it is.
    visit.open("sign-in/?next=/account/devices/")
    visit.driver.find_element(By.XPATH, "//button[normalize-space()='Sign in with a passkey']").click()
    reaches(visit, "/account/devices/")
    assert user.username in visit.driver.find_element(By.TAG_NAME, "header").text
    visit.press("Sign out")
    # As the second factor after the password.
    sign_in(visit, user)
    visit.looks("51-second-step-passkey")
    visit.press("Use a passkey")
    reaches(visit, "/account/")
    # And when it is lost.
    visit.press("Sign out")
    sign_in(visit, user)
    visit.fill("Code", codes[3])
    visit.press("Go on")
    assert visit.path == "/account/"
    # Removing it asks for it, or for a code.
    visit.open("security/")
    visit.press("Remove")
    assert visit.path == "/account/confirm/"
    visit.fill("Password", PASSWORD)
    visit.press("Confirm with a passkey")
    reaches(visit, "/account/security/")
    visit.press("Remove")
    assert visit.notice() == "It does not count any more."
    assert "Telephone" not in visit.text
    assert not [said for said in visit.browser.complaints() if "status of 4" not in said]


def test_a_device_that_does_not_see_its_owner_is_refused(visit: Visit, user: User) -> None:
    sign_in(visit, user)
    visit.open("confirm/?next=/account/security/")
    confirm(visit)
    visit.press("Add a passkey")
    visit.fill("Name", "Laptop")
    visit.press("Add a passkey")
    visit.follow("They are written down")
    visit.press("Sign out")
    visit.driver.set_user_verified(verified=False)
    visit.open("sign-in/")
    visit.press("Sign in with a passkey")
    problem = visit.driver.find_element(By.CSS_SELECTOR, "[data-problem]")
    WebDriverWait(visit.driver, 30, 0.05).until(lambda _: problem.is_displayed())
    visit.looks("52-passkey-problem")
    visit.follow("Another way")
    assert visit.path == "/account/sign-in/"


def test_several_passkeys_and_the_end_of_the_last(visit: Visit, user: User) -> None:
    driver, kind = visit.driver, VirtualAuthenticatorOptions.Transport
    sign_in(visit, user)
    visit.open("confirm/?next=/account/security/")
    confirm(visit)
    visit.press("Add a passkey")
    visit.fill("Name", "Telephone")
    visit.press("Add a passkey")
    visit.follow("They are written down")
    driver.remove_virtual_authenticator()
    stick = VirtualAuthenticatorOptions(
        transport=kind.USB, has_resident_key=True, has_user_verification=True, is_user_verified=True
    )
    driver.add_virtual_authenticator(stick)
    visit.press("Add a passkey")
    visit.fill("Name", "Stick")
    visit.press("Add a passkey")
    assert visit.path == "/account/security/", visit.text  # its codes were shown with the first one
    assert "Passkey: Telephone" in visit.text
    assert "Passkey: Stick" in visit.text
    visit.press("Sign out")
    # Either is good after the password: the second one is asked for as the first was.
    sign_in(visit, user)
    visit.press("Use a passkey")
    reaches(visit, "/account/")
    visit.open("security/")
    visit.press("Remove")
    visit.fill("Password", PASSWORD)
    visit.press("Confirm with a passkey")
    reaches(visit, "/account/security/")
    visit.press("Remove")
    assert "Telephone" not in visit.text
    assert "Recovery codes" in visit.text
    visit.press("Remove")
    assert "Passkey:" not in visit.text
    assert "Recovery codes" not in visit.text  # the last factor is gone, and they with it
    visit.press("Sign out")
    sign_in(visit, user)
    assert visit.path == "/account/"
    visit.press("Sign out")
    visit.open("sign-in/")
    visit.press("Sign in with a passkey")
    # The device still has the key; this server does not.
    reaches(visit, "/account/passkey/finish/")
    assert "did not fit" in visit.text


def test_an_answer_to_another_challenge_is_refused(visit: Visit, user: User, api: Api) -> None:
    """A page of ours was shown, its challenge answered, and the answer sent with another ticket."""
    sign_in(visit, user)
    visit.open("confirm/?next=/account/security/")
    confirm(visit)
    visit.press("Add a passkey")
    visit.fill("Name", "Laptop")
    visit.press("Add a passkey")
    visit.follow("They are written down")
    visit.press("Sign out")
    visit.driver.set_user_verified(verified=False)
    visit.open("sign-in/")
    visit.press("Sign in with a passkey")
    first = visit.driver.find_element(By.CSS_SELECTOR, "[data-options]").get_attribute("data-options") or ""
    visit.open("sign-in/")
    visit.press("Sign in with a passkey")
    form = visit.driver.find_element(By.CSS_SELECTOR, "[data-options]")
    second = form.get_attribute("data-options") or ""
    challenge = re.compile(r'"challenge": ?"([^"]+)"')
    assert challenge.findall(first) != challenge.findall(second)
    visit.driver.set_user_verified(verified=True)
    visit.driver.execute_script("arguments[0].dataset.options = arguments[1]", form, first)
    visit.press("Use a passkey")
    assert visit.path == "/account/passkey/finish/"
    assert "did not fit" in visit.text
    assert "Sign out" not in visit.driver.find_element(By.TAG_NAME, "header").text
