"""The API's documentation, as a person sees it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.browser import opened
from tests.support.client import Api
from tests.support.documents import SERVICES, operations

pytestmark = pytest.mark.browser


def test_the_documentation_shows_its_operations_and_asks_nobody_else(
    api: Api, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with opened(tmp_path_factory.mktemp("profile")) as browser:
        driver = browser.driver
        driver.get(api.url("docs/"))
        WebDriverWait(driver, 30).until(lambda found: found.find_elements(By.CSS_SELECTOR, ".opblock-tag"))
        # Sections are folded at first.
        for section in driver.find_elements(By.CSS_SELECTOR, ".opblock-tag"):
            if section.get_attribute("data-is-open") == "false":
                section.click()
        paths = driver.execute_script(
            "return [...document.querySelectorAll('.opblock-summary')].map((row) => "
            "row.querySelector('.opblock-summary-method').textContent + ' ' "
            "+ row.querySelector('[data-path]').dataset.path);"
        )
        documented = {f"{method} {path}" for service in SERVICES for method, path, _ in operations(service)}
        assert set(paths) == documented
        # One operation, opened: what goes in and what comes out.
        login = driver.find_element(By.CSS_SELECTOR, "[data-path='/api/v1/auth/login/']")
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", login)
        login.click()
        WebDriverWait(driver, 30).until(lambda found: "Correct-horse-7" in found.find_element(By.ID, "page").text)
        assert browser.complaints() == []
        asked = browser.requests()
        assert {urlsplit(url).netloc for _, url in asked} == {urlsplit(api.stack.url).netloc}
        assert {method for method, _ in asked} == {"GET"}
