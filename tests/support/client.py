"""A client of the gateway, as the apps are: JSON in, JSON out, a token in the header."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

from notechondria_launcher.stack import Stack
from tests.support.ready_accounts import ReadyAccounts

PASSWORD = "Correct-horse-7"
_CODE = re.compile(r"address=(\S+) .*verification_code=(\d{6})")
_numbers = itertools.count(1)


@dataclass
class User:
    """A signed-in user: `get`, `post`, `patch`, `delete` carry the session token, paths start below /api/v1/."""

    api: Api
    id: int
    username: str
    email: str
    password: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.token}"}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.api.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, json={} if json is None else json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("PATCH", path, json={} if json is None else json, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)

    def rotate_key(self) -> str:
        """A fresh API key."""
        answer = self.request("POST", "auth/rotate-api-key/")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["api_key"])


class Api:
    """Anonymous calls, and the making of users."""

    def __init__(self, stack: Stack, url: str = "", accounts: ReadyAccounts | None = None) -> None:
        """`url` is that of another gateway before the stack, or of a service's further process.

        Without `accounts`, users are made by a sign-up.
        """
        self.stack = stack
        self.base = (url or stack.url).rstrip("/")
        self.http = httpx.Client(timeout=20, trust_env=False)
        self._accounts = accounts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def url(self, path: str) -> str:
        """An absolute URL: paths with a leading slash are taken as they are, others lie below /api/v1/."""
        return self.base + (path if path.startswith("/") else f"/api/v1/{path}")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.http.request(method, self.url(path), **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, json={} if json is None else json, **options)

    def code_for(self, email: str) -> str:
        """The newest code that was logged for an address (no mail server is configured in tests)."""
        log = self.stack.log("identity")
        for file in (log, log.with_name(f"{log.name}.1")):  # put aside when it has grown large
            if file.exists():
                for part in _from_the_end(file):
                    found = [digits for address, digits in _CODE.findall(part) if address == email]
                    if found:
                        return str(found[-1])
        pytest.fail(f"no code was logged for {email}")

    def register(self) -> User:
        """A new user, signed in, as a sign-up leaves them (`tests/support/ready_accounts.py`)."""
        if self._accounts is None:
            return self.sign_up()
        name, email = _new_names()
        user_id, token = self._accounts.make(name, email, PASSWORD, self.http.headers["user-agent"])
        return User(self, user_id, name, email, PASSWORD, token)

    def sign_up(self, username: str | None = None, password: str = PASSWORD) -> User:
        """A new user: registered, verified, signed in, all through the gateway."""
        name, email = _new_names(username)
        answer = self.post("auth/register/", {"username": name, "email": email, "password": password})
        assert answer.status_code == 201, answer.text
        verified = self.post("auth/verify-email/", {"email": email, "code": self.code_for(email)})
        assert verified.status_code == 200, verified.text
        body = verified.json()
        return User(self, body["user"]["id"], name, email, password, body["token"])


def _new_names(username: str | None = None) -> tuple[str, str]:
    """A user name, and the address of its owner."""
    name = username or f"user{next(_numbers)}-{secrets.token_hex(3)}"
    return name, f"{name.lower()}@example.org"


def _from_the_end(log: Path) -> Iterator[str]:
    """The last 64 KiB of a log, and then all of it: it grows long in a whole run, and is read for every user made."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 65_536))
        yield file.read().decode(errors="replace")
        file.seek(0)
        yield file.read().decode(errors="replace")


def eventually(check: Callable[[], Any], seconds: float = 20.0, every: float = 0.05, what: str = "it") -> Any:
    """The first truthy result of `check`; fails the test, naming `what`, when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, f"{what}: not true within {seconds} s, {result!r}"
        time.sleep(every)
