"""A person before the administration site, or before the pages of accounts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.browser import Browser
from tests.support.client import PASSWORD, User

_SELECT = """
const label = document.evaluate(arguments[0], document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue;
const page = () => document.title + ": " + document.querySelector("main")?.innerText.slice(0, 300);
if (label === null) throw new Error("no label is called so: " + arguments[0] + ", on the page " + page());
const field = document.getElementById(label.htmlFor);
const seen = {opacityProperty: true, visibilityProperty: true};
if (!field.checkVisibility(seen) || field.matches(":disabled, :read-only")) throw new Error("nobody can fill it in");
field.scrollIntoView({block: "nearest"});
field.focus();
field.select?.();
return field.type;
"""
_TYPED = {"date", "datetime-local", "month", "time", "week"}


class Visit:
    """A member of staff before the screen: reads, follows links, fills in forms, presses buttons."""

    def __init__(self, browser: Browser, url: str, pictures: Path, root: str = "/admin/") -> None:
        self.browser, self.driver = browser, browser.driver
        self._url, self._pictures, self._root = url.rstrip("/"), pictures, root

    def open(self, path: str) -> None:
        self.driver.get(f"{self._url}{self._root}{path}")

    @property
    def address(self) -> str:
        """Where the site is, without a path."""
        return self._url

    @property
    def path(self) -> str:
        return urlsplit(self.driver.current_url).path

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "main").text

    def follow(self, words: str) -> None:
        self.leave(By.PARTIAL_LINK_TEXT, words)

    def follow_first_row(self) -> None:
        self.leave(By.CSS_SELECTOR, "tbody th a")

    def press(self, words: str) -> None:
        self.leave(By.XPATH, f"//button[normalize-space()='{words}']")

    def leave(self, by: str, what: str) -> None:
        """Click on something and wait until the next page is there."""
        self.leave_by(self.driver.find_element(by, what).click)

    def leave_by(self, act: Callable[[], object]) -> None:
        """Do something, and wait until the next page is there."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        act()
        # A page that is just going has more than one way to say so.
        wait = WebDriverWait(self.driver, 30, 0.05, ignored_exceptions=[WebDriverException])
        wait.until(expected.staleness_of(page))
        wait.until(expected.presence_of_element_located((By.CSS_SELECTOR, "main h1")))

    def fill(self, label: str, value: str) -> None:
        """Replace what a field holds, by its label. All of it at once, as from a clipboard: by single keys each
        character costs three milliseconds of processor time. Dates have parts of their own, and are typed."""
        xpath = f"//label[starts-with(normalize-space(), '{label}')]"
        kind = self.driver.execute_script(_SELECT, xpath)
        if kind in _TYPED:
            field = self.driver.switch_to.active_element
            field.clear()
            field.send_keys(value)
        else:
            self.driver.execute_cdp_cmd("Input.insertText", {"text": value})

    def notice(self) -> str:
        return self.driver.find_element(By.CSS_SELECTOR, "[role=status]").text

    def picture(self, name: str) -> None:
        """Kept for who looks at it: a tenth of a second of processor time, so not without a folder for it."""
        if self._pictures.is_dir():
            self.driver.save_screenshot(str(self._pictures / f"{name}.png"))

    def in_the_dark(self) -> None:
        """As for who prefers dark pages, until set otherwise."""
        self.in_colours("dark")

    def in_colours(self, scheme: str) -> None:
        """As for who prefers `light` or `dark` pages, until set otherwise."""
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def looks(self, name: str) -> None:
        """Nothing stands out to the side on a desktop and on a telephone; pictures of both, light and dark."""
        schemes = ("light", "dark") if self._pictures.is_dir() else ("dark",)
        for device, width, height in (("desktop", 1280, 900), ("telephone", 390, 844)):
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": device == "telephone"}
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            for scheme in schemes:
                self.in_colours(scheme)
                self.picture(f"{name}-{device}-{scheme}")
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            assert size["width"] <= width, f"{name} is {size['width']} wide on a {device}"
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.in_colours("light")

    def sign_in(self, user: User) -> None:
        self.open("")
        self.fill("User name", user.username)
        self.fill("Password", PASSWORD)
        self.press("Sign in")
