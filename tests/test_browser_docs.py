"""The API's documentation, as a person sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.browser import opened
from tests.support.client import Api
from tests.support.documents import SERVICES, operations

pytestmark = pytest.mark.browser
# Sections are folded at first. Of a long document only what is near the window is drawn: so down the page, in steps.
STEP = """
for (const tag of document.querySelectorAll('.opblock-tag[data-is-open="false"]')) tag.click();
window.scrollBy(0, 300);
return [[...document.querySelectorAll('.opblock-summary')].map((row) =>
    row.querySelector('.opblock-summary-method').textContent + ' ' + row.querySelector('[data-path]').dataset.path),
    window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 2];
"""


def shown_paths(driver: Chrome) -> set[str]:
    """Method and path of every operation on the page."""
    paths: set[str] = set()
    at_the_end = 0
    deadline = time.monotonic() + 90
    while at_the_end < 5:
        assert time.monotonic() < deadline, "the page has no end"
        rows, is_last = driver.execute_script(STEP)
        paths |= set(rows)
        at_the_end = at_the_end + 1 if is_last else 0
        time.sleep(0.1)
    return paths


def step_to(selector: str) -> Callable[[Chrome], WebElement | None]:
    """A step down the page, and the element, once it is drawn."""

    def step(driver: Chrome) -> WebElement | None:
        drawn = driver.find_elements(By.CSS_SELECTOR, selector)
        if not drawn:
            driver.execute_script(STEP)
        return drawn[0] if drawn else None

    return step


def test_the_documentation_shows_its_operations_and_asks_nobody_else(api: Api) -> None:
    with opened() as browser:
        driver = browser.driver
        driver.get(api.url("docs/"))
        WebDriverWait(driver, 30).until(lambda found: found.find_elements(By.CSS_SELECTOR, ".opblock-tag"))
        paths = shown_paths(driver)
        documented = {f"{method} {path}" for service in SERVICES for method, path, _ in operations(service)}
        assert paths == documented
        # One operation, opened: what goes in and what comes out.
        driver.execute_script("window.scrollTo(0, 0)")
        login = WebDriverWait(driver, 60, poll_frequency=0.1).until(step_to("[data-path='/api/v1/auth/login/']"))
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", login)
        assert login is not None
        login.click()
        WebDriverWait(driver, 30).until(lambda found: "Correct-horse-7" in found.find_element(By.ID, "page").text)
        assert browser.complaints() == []
        asked = browser.requests()
        assert {urlsplit(url).netloc for _, url in asked} == {urlsplit(api.stack.url).netloc}
        assert {method for method, _ in asked} == {"GET"}
