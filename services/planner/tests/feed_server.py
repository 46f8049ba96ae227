"""A small server of calendars, as strangers run them: it answers what a test wants and remembers what it was asked."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_numbers = itertools.count(1)


@dataclass
class Page:
    """One path: what it answers, and the headers of each request for it."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/calendar"})
    etag: str | None = None
    delay: float = 0.0
    asked: list[dict[str, str]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None


class FeedServer:
    """Serves pages on 127.0.0.1; each path is made by `page`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        pages: dict[str, Page] = {}
        self._pages = pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path) or pages.get(self.path.partition("?")[0])
                if page is None:
                    self.send_error(404)
                    return
                page.asked.append({name.lower(): value for name, value in self.headers.items()})
                page.before()
                time.sleep(page.delay)
                known = page.etag is not None and self.headers.get("If-None-Match") == page.etag
                body = b"" if known else page.body
                try:
                    self.send_response(304 if known else page.status)
                    for name, value in page.headers.items():
                        self.send_header(name, value)
                    if page.etag:
                        self.send_header("ETag", page.etag)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # given up by the other side, which is what the test is about

            def log_message(self, *_: Any) -> None:
                """Silence."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """The other side went away."""

        self._server = Server((host, 0), Handler)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def page(self, body: str | bytes = b"", **fields: Any) -> tuple[str, Page]:
        """A new address and what it answers."""
        path = f"/calendar-{next(_numbers)}.ics"
        page = self._pages[path] = Page(body.encode() if isinstance(body, str) else body, **fields)
        return f"http://127.0.0.1:{self.port}{path}", page

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def vevent(start: str, **properties: str) -> str:
    """A VEVENT; `start` may carry parameters: `;TZID=Europe/Rome:20260506T093000`."""
    lines = [f"DTSTART{start}" if start[0] in ";:" else f"DTSTART:{start}"]
    lines += [
        f"{name.replace('_', '-')}{'' if text[:1] in {';', ':'} else ':'}{text}" for name, text in properties.items()
    ]
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def vcalendar(*parts: str) -> str:
    """A calendar of VEVENTs and whatever else."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *parts, "END:VCALENDAR", ""])


def of_one(title: str = "Seminar") -> str:
    """A calendar of one entry in the week of 2026-05-04."""
    return vcalendar(vevent("20260505T093000Z", SUMMARY=title))


SEMINAR = vcalendar(vevent("20260505T093000Z", DTEND="20260505T103000Z", SUMMARY="Seminar"))
"""One entry in the week of 2026-05-04."""
