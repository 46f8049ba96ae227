"""A small sign-in provider on loopback that behaves like Google and GitHub, with their refusals and silences."""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GOOGLE_CLIENT, GITHUB_CLIENT, SECRET = "google-client", "github-client", "provider-secret"


@dataclass
class Person:
    """Somebody at the provider, and how the provider behaves for them."""

    uid: str = field(default_factory=lambda: str(secrets.randbelow(10**9)))
    email: str = ""
    verified: bool = True
    name: str = ""
    login: str = ""
    audience: str = GOOGLE_CLIENT
    breaks: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """Step (`token`, `tokeninfo`, `user`, `emails`) to (status, body); status 0 hangs up, -1 stays silent."""
    sent: dict[str, Any] = field(default_factory=dict)
    """What the backend sent at the exchange."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # of many who come at once none is turned away

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider


class Provider:
    """The server; `add(person)` gives a code (and id token, and access token) that stands for the person."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, person: Person) -> str:
        code = secrets.token_hex(8)
        self.people[code] = person
        return code

    def environment(self) -> dict[str, str]:
        """Settings that point identity at this server."""
        return {
            "GOOGLE_OAUTH_CLIENT_ID": GOOGLE_CLIENT,
            "GOOGLE_OAUTH_CLIENT_SECRET": SECRET,
            "GOOGLE_AUTHORIZED_REDIRECT_URIS": "http://localhost:5173/google,https://app.example/google",
            "GITHUB_APP_CLIENT_ID": GITHUB_CLIENT,
            "GITHUB_APP_CLIENT_SECRET": SECRET,
            "GITHUB_AUTHORIZED_REDIRECT_URI": "https://app.example/github",
            "GOOGLE_TOKEN_URL": f"{self.url}/google/token",
            "GOOGLE_TOKENINFO_URL": f"{self.url}/google/tokeninfo",
            "GITHUB_TOKEN_URL": f"{self.url}/github/token",
            "GITHUB_API_URL": f"{self.url}/github",
            "OAUTH_EXCHANGE_SECONDS": "0.5",
            "OAUTH_PROFILE_SECONDS": "0.5",
            "FRONTEND_ORIGIN": "https://app.example",
        }


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith("/google"):
            form = {name: values[0] for name, values in parse_qs(body).items()}
        else:
            form = json.loads(body)
        person = self.server.provider.people.get(form.get("code", ""))
        if person is None:
            refusal = {"error": "bad_verification_code", "error_description": "The code is wrong or expired."}
            # GitHub says so with 200, Google with 400.
            self._answer(400 if self.path.startswith("/google") else 200, refusal)
            return
        person.sent = form
        token = "id_token" if self.path.startswith("/google") else "access_token"
        self._step(person, "token", {token: form["code"]})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/google/tokeninfo":
            person = self.server.provider.people.get(parse_qs(parts.query).get("id_token", [""])[0])
            if person is None:
                self._answer(400, {"error_description": "Invalid Value"})
                return
            claims = {
                "aud": person.audience,
                "sub": person.uid,
                "email": person.email,
                "email_verified": str(person.verified).lower(),
                "name": person.name,
            }
            self._step(person, "tokeninfo", claims)
            return
        person = self.server.provider.people.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            self._answer(401, {"message": "Bad credentials"})
        elif parts.path == "/github/user":
            user = {"id": int(person.uid), "login": person.login, "name": person.name, "email": None}
            self._step(person, "user", user)
        else:
            emails = [
                {"email": "other@example.org", "primary": False, "verified": True},
                {"email": person.email, "primary": True, "verified": person.verified},
            ]
            self._step(person, "emails", emails)

    def _step(self, person: Person, step: str, body: Any) -> None:
        status, body = person.breaks.get(step, (200, body))
        if status == 0:
            self.close_connection = True
            return
        if status == -1:
            time.sleep(1.2)  # longer than the time limit of the test's settings
            self.close_connection = True
            return
        self._answer(status, body)

    def _answer(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
