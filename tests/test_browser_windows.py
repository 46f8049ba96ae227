"""Tests share one Chromium: none of them sees in it what an earlier one left, and none suffers from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from tests.support.browser import Browser, opened, page_of_an_app
from tests.support.visit import Visit

pytestmark = pytest.mark.browser
_LOOKS = """
return {
  width: innerWidth, height: innerHeight, outer: [outerWidth, outerHeight], scale: devicePixelRatio,
  zoom: visualViewport.scale, font: getComputedStyle(document.documentElement).fontSize,
  dark: matchMedia("(prefers-color-scheme: dark)").matches, touch: navigator.maxTouchPoints,
  agent: navigator.userAgent, languages: navigator.languages, back: history.length, seen: document.visibilityState,
};
"""
_KNOWS = """
(async () => {
  const names = async (list) => (await list).map((one) => one.name ?? one);
  done({
    cookies: document.cookie, local: localStorage.length, session: sessionStorage.length,
    databases: await names(indexedDB.databases()), caches: await names(caches.keys()),
    location: (await navigator.permissions.query({name: "geolocation"})).state,
    name: window.name,
  });
})();
"""
_LEAVE = """
(async () => {
  document.cookie = "left=behind; max-age=3600";
  localStorage.setItem("left", "behind");
  sessionStorage.setItem("left", "behind");
  await caches.open("left");
  await new Promise((ready) => { indexedDB.open("left").onsuccess = ready; });
  window.name = "left";
  console.warn("left behind");
  done(true);
})();
"""
_PASSKEY = """
const [create] = arguments;
const bytes = new Uint8Array(16);
const user = {id: bytes, name: "mira", displayName: "Mira"};
const kinds = [{type: "public-key", alg: -7}];
const selection = {residentKey: "required", userVerification: "required"};
const rp = {id: "localhost", name: "here"};
const asked = {challenge: bytes, rp, user, pubKeyCredParams: kinds, authenticatorSelection: selection, timeout: 2000};
(create
  ? navigator.credentials.create({publicKey: asked})
  : navigator.credentials.get({publicKey: {challenge: bytes, rpId: "localhost", timeout: 2000}})
).then((key) => done(key.type), (error) => done(error.name));
"""
_NOTHING = {
    "cookies": "",
    "local": 0,
    "session": 0,
    "databases": [],
    "caches": [],
    "location": "prompt",
    "name": "",
}


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    with page_of_an_app() as port:
        yield f"http://localhost:{port}/"


def device() -> VirtualAuthenticatorOptions:
    return VirtualAuthenticatorOptions(
        transport=VirtualAuthenticatorOptions.Transport.INTERNAL,
        has_resident_key=True,
        has_user_verification=True,
        is_user_verified=True,
    )


def leave_everything(browser: Browser, page: str) -> None:
    """What a test can leave in a browser."""
    driver = browser.driver
    driver.add_virtual_authenticator(device())
    driver.get(page)
    assert browser.run(_PASSKEY, True) == "public-key"
    assert browser.run(_PASSKEY, False) == "public-key"
    driver.set_permissions("geolocation", "granted")
    assert browser.run(_LEAVE)
    left = browser.run(_KNOWS)
    # What a test grants by WebDriver does not reach a context of its own; no test needs it.
    assert {name for name, nothing in _NOTHING.items() if left[name] == nothing} <= {"location"}, left


def change_the_looks(browser: Browser, page: str) -> None:
    """All that a test can set about how pages are shown."""
    driver = browser.driver
    before = driver.execute_script(_LOOKS)
    driver.get(f"{page}?again")
    driver.set_window_size(700, 500)
    Visit(browser, page, Path("nowhere")).in_the_dark()
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.execute_cdp_cmd("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    driver.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": "left", "acceptLanguage": "fr"})
    driver.execute_cdp_cmd("Page.setFontSizes", {"fontSizes": {"standard": 31}})
    driver.get(page)
    after = driver.execute_script(_LOOKS)
    assert {name for name in before if before[name] == after[name]} <= {"seen", "zoom"}, after


def test_nothing_of_a_window_is_seen_in_the_next(page: str) -> None:
    with opened() as browser:
        browser.driver.get(page)
        assert browser.run(_KNOWS) == _NOTHING
        leave_everything(browser, page)
    with opened() as browser:
        assert browser.complaints() == []
        assert browser.requests() == []
        assert len(browser.driver.window_handles) == 2  # the first one of Chromium, and this one
        browser.driver.get(page)
        assert browser.driver.get_cookies() == []
        assert browser.run(_KNOWS) == _NOTHING
        assert [url for _, url in browser.requests()] == [page]
        with pytest.raises(WebDriverException):
            browser.driver.get_credentials()
        assert browser.run(_PASSKEY, False) == "NotAllowedError"
        browser.driver.add_virtual_authenticator(device())
        assert browser.driver.get_credentials() == []
        assert browser.run(_PASSKEY, False) == "NotAllowedError"


def test_a_window_looks_as_if_it_were_the_first(page: str) -> None:
    with opened() as browser:
        assert browser.driver.get_window_size() == {"width": 1280, "height": 900}
        browser.driver.get(page)
        new = browser.driver.execute_script(_LOOKS)
        assert (new["width"], new["scale"], new["dark"], new["seen"]) == (1280, 1, False, "visible")
        change_the_looks(browser, page)
    with opened() as browser:
        assert browser.driver.get_window_size() == {"width": 1280, "height": 900}
        browser.driver.get(page)
        assert browser.driver.execute_script(_LOOKS) == new


@pytest.mark.parametrize("scripts", [False, True])
def test_scripts_run_only_where_they_may(page: str, *, scripts: bool) -> None:
    """On the first page and after a step to another site, in a frame, and whatever the last window could."""
    outcome = "ran" if scripts else "still"
    inside = "<title>still</title><script>document.title = 'ran'</script><noscript>none</noscript>"
    document = f'data:text/html,{inside}<iframe srcdoc="{inside.replace("document", "top.document")}"></iframe>'
    with opened(scripts=not scripts) as browser:
        browser.driver.get(page)
    with opened(scripts=scripts) as browser:
        for address in (document, page, f"{document}<p>"):
            browser.driver.get(address)
            assert browser.driver.title == ("App" if address == page else outcome)
        assert ("none" in browser.driver.find_element("tag name", "html").text) != scripts


def test_after_chromium_died_there_is_a_new_one(page: str) -> None:
    with opened() as browser:
        process = browser.driver.service.process
        (chromium,) = psutil.Process(process.pid).children()
        chromium.kill()
        with pytest.raises(WebDriverException):
            browser.driver.get(page)
    with opened(scripts=False) as browser:
        browser.driver.get(page)
        assert browser.driver.title == "App"
    with opened() as browser:
        browser.driver.get(page)
        assert browser.run("done(1)") == 1
