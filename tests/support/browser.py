"""A headless Chromium, Debian's own, that reaches nothing but this machine."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

FOREIGN = "evil.example"
"""A host name that leads here too, and that the API does not allow."""
_FETCH = """
const [url, options, done] = arguments;
fetch(url, options).then(async (answer) => {
  const text = await answer.text();
  let json = null;
  try { json = JSON.parse(text); } catch {}
  done({status: answer.status, type: answer.type, text, json});
}, (error) => done({error: String(error)}));
"""


def programs() -> tuple[str, str] | None:
    """Chromium and its driver; None where they are not installed."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


MISSING = "no Chromium here: nothing was seen in a browser (Debian: apt-get install chromium chromium-driver)"


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def fetch(self, url: str, **options: Any) -> dict[str, Any]:
        """`fetch()` from the page shown: status, type, text and json, or `error` when the page may not read it."""
        answer: dict[str, Any] = self.driver.execute_async_script(_FETCH, url, options)
        return answer

    def run(self, script: str, *arguments: Any) -> Any:
        """The outcome of an asynchronous script; it calls `done`."""
        return self.driver.execute_async_script("const done = arguments[arguments.length - 1];" + script, *arguments)

    def _log(self, kind: str) -> list[dict[str, str]]:
        entries: list[dict[str, str]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def complaints(self) -> list[str]:
        """What the console said since the last look, down to warnings."""
        return [entry["message"] for entry in self._log("browser") if entry["level"] in {"SEVERE", "WARNING"}]

    def requests(self) -> list[tuple[str, str]]:
        """Method and address of everything asked for since the last look; preflights too."""
        found = []
        for entry in self._log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked = message["params"]["request"]
                found.append((asked["method"], asked["url"]))
        return [(method, url) for method, url in found if urlsplit(url).scheme in {"http", "https", "ws", "wss"}]


@contextmanager
def opened(profile: Path, *, scripts: bool = True) -> Iterator[Browser]:
    """A browser with a profile of its own; without `scripts` pages cannot run any."""
    found = programs()
    assert found is not None, MISSING
    options = Options()
    options.binary_location = found[0]
    rules = f"MAP {FOREIGN} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    for argument in (
        "--headless=new",
        f"--user-data-dir={profile}",
        f"--host-resolver-rules={rules}",
        "--no-proxy-server",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--window-size=1280,900",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    # Both programs are named: Selenium looks for none, and loads none from elsewhere.
    driver = webdriver.Chrome(options, Service(found[1], env={**os.environ, "NO_PROXY": "localhost,127.0.0.1"}))
    try:
        driver.set_script_timeout(30)
        yield Browser(driver)
    finally:
        driver.quit()


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>App</title><p>An app"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


@contextmanager
def page_of_an_app() -> Iterator[int]:
    """A web page at a port of its own, as the apps are served; the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
