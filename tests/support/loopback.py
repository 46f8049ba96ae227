"""Where a program on a person's own device waits for the answer to its authorization request (RFC 8252 §7.3)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.programs import answered


@dataclass
class Loopback:
    """The address, and the parameters of the answers that arrived."""

    url: str
    answers: queue.Queue[dict[str, str]] = field(default_factory=queue.Queue)

    def answer(self) -> dict[str, str]:
        """The next one."""
        return self.answers.get(timeout=60)


@contextmanager
def loopback() -> Iterator[Loopback]:
    """A server of its own at a free port."""

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (
                b"<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>Back</title><main><h1>Back</h1>"
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if self.path.startswith("/callback?"):
                waiting.answers.put(answered(self.path))

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    waiting = Loopback(f"http://127.0.0.1:{server.server_port}/callback")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield waiting
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
