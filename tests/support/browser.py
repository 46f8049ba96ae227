"""A headless Chromium, Debian's own, that reaches nothing but this machine."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
import websocket
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

FOREIGN = "evil.example"
"""A host name that leads here too, and that the API does not allow."""
_ARGUMENTS = (
    "--headless=new",
    f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    # No renderer is started in advance, for pages that never come: 40 ms of processor time for each window.
    "--disable-features=SpareRendererForSitePerProcess",
    "--window-size=1280,900",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
)
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


class _Chromium:
    """A Chromium that tests share, one after the other. A start costs more than a second of processor time; a browser
    context has cookies, storage, cache, connections and permissions of its own too, as a private window has."""

    def __init__(self) -> None:
        found = programs()
        assert found is not None, MISSING
        self._profile = tempfile.TemporaryDirectory(prefix="notechondria-browser-", ignore_cleanup_errors=True)
        options = Options()
        options.binary_location = found[0]
        for argument in (*_ARGUMENTS, f"--user-data-dir={self._profile.name}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # Both programs are named: Selenium looks for none, and loads none from elsewhere.
        self.driver = webdriver.Chrome(
            options, Service(found[1], env={**os.environ, "NO_PROXY": "localhost,127.0.0.1"})
        )
        self._first_window = self.driver.current_window_handle
        # Contexts are made by the browser itself; chromedriver speaks with its pages only.
        port, path = (Path(self._profile.name) / "DevToolsActivePort").read_text(encoding="utf-8").split()
        self._devtools = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=30, suppress_origin=True)
        self._commands = itertools.count(1)
        self._context = ""

    def _command(self, method: str, **parameters: object) -> dict[str, str]:
        number = next(self._commands)
        self._devtools.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._devtools.recv())).get("id") != number:
            pass
        assert "result" in answer, answer
        result: dict[str, str] = answer["result"]
        return result

    def begin(self, *, scripts: bool) -> Browser:
        """A window in a context of its own."""
        assert not self._context, "one window at a time: another one is open"
        self.driver.switch_to.window(self._first_window)
        self._context = self._command("Target.createBrowserContext")["browserContextId"]
        page = self._command("Target.createTarget", url="about:blank", browserContextId=self._context, newWindow=True)
        self.driver.switch_to.window(page["targetId"])
        self.driver.set_script_timeout(30)
        if not scripts:
            self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        return Browser(self.driver)

    def end(self) -> None:
        """Close the window, with all that its context knows and all that was logged."""
        self._command("Target.disposeBrowserContext", browserContextId=self._context)
        self._context = ""
        self.driver.switch_to.window(self._first_window)
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)  # type: ignore[no-untyped-call]

    def quit(self) -> None:
        """End the program, whatever state it is in."""
        self._devtools.close()
        self.driver.quit()
        self._profile.cleanup()


_running: list[_Chromium] = []
"""The one of this process, once a test needed it."""
_GONE = (WebDriverException, websocket.WebSocketException, OSError, urllib3.exceptions.HTTPError)
"""What is raised when Chromium or its driver died."""


def quit_chromium() -> None:
    """End the Chromium of this process, if there is one."""
    while _running:
        _running.pop().quit()


def _begin(*, scripts: bool) -> tuple[_Chromium, Browser]:
    if not _running:
        _running.append(_Chromium())
    return _running[0], _running[0].begin(scripts=scripts)


@contextmanager
def opened(*, scripts: bool = True) -> Iterator[Browser]:
    """A window that shares nothing with those before it; without `scripts` pages cannot run any."""
    try:
        chromium, browser = _begin(scripts=scripts)
    except _GONE:
        quit_chromium()
        chromium, browser = _begin(scripts=scripts)
    try:
        yield browser
    finally:
        try:
            chromium.end()
        except _GONE:
            quit_chromium()


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
