"""A user who writes and reads without pause, and remembers every answer."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import httpx
from tests.support.client import User


class Load:
    """Writers and readers in the background, from entering to leaving; at most `PAUSE` apart, each bounded by it."""

    PAUSE = 0.02

    def __init__(self, user: User, writers: int = 2, readers: int = 2) -> None:
        self._user = user
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(writers)]
        self._threads += [threading.Thread(target=self._read) for _ in range(readers)]
        self.written: list[tuple[int, str]] = []
        """Id and title of each note whose making was answered 201."""
        self.reads = 0
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _write(self, number: int) -> None:
        with httpx.Client(timeout=30, trust_env=False, headers=self._user.headers) as http:
            for count in range(100_000):
                if self._over.wait(self.PAUSE):
                    return
                title = f"writer {number}, note {count}"
                body = {"title": title, "content": "x", "client_draft_id": f"{number}-{count}-{time.time_ns()}"}
                answer = self._try(http, "POST", "notes/", json=body)
                if answer is not None and answer.status_code == 201:
                    self.written.append((answer.json()["id"], title))

    def _read(self) -> None:
        with httpx.Client(timeout=30, trust_env=False, headers=self._user.headers) as http:
            while not self._over.wait(self.PAUSE):
                answer = self._try(http, "GET", "courses/")
                self.reads += answer is not None and answer.status_code == 200

    def _try(self, http: httpx.Client, method: str, path: str, **options: object) -> httpx.Response | None:
        try:
            answer = http.request(method, self._user.api.url(path), **options)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            self.failures.append(f"{method} {path}: {error!r}")
            return None
        if answer.status_code >= 300:
            self.failures.append(f"{method} {path}: {answer.status_code} {answer.text[:120]}")
        return answer


def missing(user: User, written: list[tuple[int, str]]) -> list[int]:
    """The ids of notes that were answered and are not there."""
    return [note for note, title in written if user.get(f"notes/{note}/").json().get("title") != title]
