"""The pages of accounts in a real browser, with scripts switched off where none is needed.

Screenshots are kept in pytest's temporary folder (`--basetemp` says where).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from notechondria_launcher.stack import Stack
from tests.support.browser import opened, page_of_an_app
from tests.support.client import PASSWORD, Api
from tests.support.people import public_url
from tests.support.provider import Provider
from tests.support.replica import another
from tests.support.visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def visit(api: Api, pictures: Path) -> Iterator[Visit]:
    with opened(scripts=False) as browser:
        yield Visit(browser, api.stack.url, pictures, "/account/")


def test_signing_in_and_out(api: Api, visit: Visit) -> None:
    user = api.register()
    visit.open("")
    assert visit.path == "/account/sign-in/"
    visit.looks("01-sign-in")
    visit.fill("User name", user.username)
    visit.fill("Password", "Wrong-horse-7")
    visit.press("Sign in")
    visit.looks("02-refused")
    visit.fill("Password", PASSWORD)
    visit.press("Sign in")
    assert visit.path == "/account/"
    visit.looks("03-home")
    visit.press("Sign out")
    assert visit.notice() == "You are signed out."
    visit.looks("04-signed-out")
    # A refused form is 400, which the console mentions; nothing else is worth a word.
    assert not [said for said in visit.browser.complaints() if "status of 400" not in said]
    own = urlsplit(api.stack.url).netloc
    assert {urlsplit(url).netloc for _, url in visit.browser.requests()} == {own}


def test_a_new_person_comes_from_an_app_and_goes_back(api: Api, visit: Visit) -> None:
    """From the page of an app to the site, signed up there, and back with a code that the app exchanges."""
    name = f"mira{secrets.token_hex(3)}"
    with page_of_an_app() as port:
        app = f"http://127.0.0.1:{port}/editor/?theme=dark"
        config = api.get("auth/casdoor/config/").json()
        query = {"client_id": config["client_id"], "redirect_uri": app, "response_type": "code", "state": "casdoor"}
        visit.driver.get(f"{api.base}{urlsplit(config['signin_url']).path}?{urlencode(query)}")
        assert f"You are signing in to the app at 127.0.0.1:{port}." in visit.text
        visit.looks("10-sign-in-to-an-app")
        visit.follow("Sign up")
        visit.looks("11-sign-up")
        visit.fill("User name", name)
        visit.fill("E-mail address", f"{name}@example.org")
        visit.fill("Password", "Password1")
        visit.press("Go on")
        visit.looks("12-sign-up-refused")
        visit.fill("Password", PASSWORD)
        visit.press("Go on")
        visit.looks("13-verify")
        visit.fill("Code from the mail", api.code_for(f"{name}@example.org"))
        visit.driver.find_element(By.XPATH, "//button[normalize-space()='Confirm']").click()
        WebDriverWait(visit.driver, 30, 0.05).until(lambda driver: "code=" in driver.current_url)
        back = urlsplit(visit.driver.current_url)
        assert back.netloc == f"127.0.0.1:{port}"
        sent = parse_qs(back.query)
        assert (sent["theme"], sent["state"]) == (["dark"], ["casdoor"])
        headers = {"Origin": f"http://127.0.0.1:{port}"}
        payload = api.post("auth/casdoor/exchange/", {"code": sent["code"][0]}, headers=headers).json()
        assert payload["user"]["username"] == name
        # Signed in on the site already: straight back.
        visit.driver.get(f"{api.base}/account/apps/?{urlencode(query)}")
        WebDriverWait(visit.driver, 30, 0.05).until(lambda driver: "code=" in driver.current_url)
        assert parse_qs(urlsplit(visit.driver.current_url).query)["code"] != sent["code"]


def test_a_forgotten_password(api: Api, visit: Visit) -> None:
    user = api.register()
    visit.open("sign-in/")
    visit.follow("Forgotten")
    visit.looks("20-forgotten")
    visit.fill("E-mail address", user.email)
    visit.press("Mail the code")
    visit.looks("21-reset")
    visit.fill("Code from the mail", api.code_for(user.email))
    visit.fill("New password", "Better-horse-8")
    visit.press("Set the password")
    assert visit.notice().startswith("The password is set.")
    visit.fill("User name", user.username)
    visit.fill("Password", "Better-horse-8")
    visit.press("Sign in")
    assert visit.path == "/account/"


def test_a_providers_button_leads_to_the_provider(stack: Stack, provider: Provider, pictures: Path) -> None:
    """The policy of the page lets its form end there, and nowhere else."""
    base = public_url(stack)
    settings = {
        "GOOGLE_AUTHORIZED_REDIRECT_URIS": f"{base}/account/google/callback/",
        "GOOGLE_AUTHORIZE_URL": f"{provider.url}/google/authorize",
    }
    with (
        another(stack, "identity", **settings) as identity,
        another(stack, "web", IDENTITY_URL=identity) as web,
        opened(scripts=False) as browser,
    ):
        visit = Visit(browser, web, pictures, "/account/")
        visit.open("sign-in/")
        visit.looks("35-providers")
        visit.driver.find_element(By.XPATH, "//button[normalize-space()='Go on with Google']").click()
        WebDriverWait(visit.driver, 30, 0.05).until(lambda driver: driver.current_url.startswith(provider.url))
        asked = parse_qs(urlsplit(visit.driver.current_url).query)
        assert asked["redirect_uri"] == [f"{base}/account/google/callback/"]
        assert asked["state"][0].endswith("_site")


def test_an_app_of_others_gets_nothing(visit: Visit) -> None:
    visit.open("apps/?redirect_uri=https%3A%2F%2Fevil.example%2F")
    assert "does not know the app" in visit.text
    visit.looks("30-unknown-app")
