"""An https server on which programs describe themselves, as tests need them: right, wrong, slow, large."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Page:
    """What is answered at a path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    delay: float = 0.0


@dataclass
class DocumentsServer:
    """The server: what it answers, and how often each path was asked for."""

    base: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def describe(self, path: str, redirect_uri: str, *, headers: dict[str, str] | None = None, **changed: Any) -> str:
        """Put the document of a program at a path; its client id."""
        client_id = f"{self.base}{path}"
        document = {
            "client_id": client_id,
            "client_name": "A described program",
            "redirect_uris": [redirect_uri],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            **changed,
        }
        body = json.dumps({name: value for name, value in document.items() if value is not None}).encode()
        self.pages[path] = Page(body, headers={"Content-Type": "application/json", **(headers or {})})
        return client_id


@contextmanager
def documents_server(certificate: Path, key: Path) -> Iterator[DocumentsServer]:
    """Serve at a free port of localhost, with this certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked[self.path] += 1
            page = running.pages.get(self.path, Page(b"{}", 404))
            time.sleep(page.delay)
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    running = DocumentsServer(f"https://localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
