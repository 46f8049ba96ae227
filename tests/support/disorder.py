"""People who write while parts of the stack die, and remember what they were answered."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from notechondria_launcher.stack import Stack
from tests.support.client import User

PARTS = ("notes", "notes", "planner", "identity", "mcp", "nats", "postgres", "postgres")
"""What dies, by weight. Not the gateway: Traefik says 404 to everybody before it knows its routes."""
PAUSE_SECONDS = 0.02


@dataclass
class Known:
    """What a person knows of a note: None where an answer did not come, so that both may be true."""

    title: str | None
    state: str | None = "live"


class Person(threading.Thread):
    """Does this and that until `stopped`; every answer is a success or a 503, all else is a problem."""

    def __init__(self, user: User, seed: int, stopped: threading.Event) -> None:
        super().__init__(name=user.username)
        self.user, self._random, self._stopped = user, random.Random(seed), stopped  # noqa: S311 - to be repeated
        self.notes: dict[int, Known] = {}
        self.courses: set[int] = set()
        self.events: set[int] = set()
        self.motto: str | None = ""
        self.answers: Counter[str] = Counter()
        self.problems: list[str] = []
        self._count = 0

    def run(self) -> None:
        """One thing after the other."""
        doings = (
            *(self._write, self._edit, self._bin) * 2,
            *(self._add_block, self._restore, self._purge, self._open_course, self._close_course),
            *(self._plan, self._set, self._look),
        )
        while not self._stopped.wait(PAUSE_SECONDS):
            self._count += 1
            self._random.choice(doings)()

    def _call(self, method: str, path: str, json: Any = None) -> Any:
        """The JSON of a success (True when it has none), None when the outcome is unknown."""
        try:
            answer = self.user.request(method, path, **({} if json is None else {"json": json}))
        except httpx.TransportError as error:
            # The service died when a part of its answer was on its way.
            self.answers[type(error).__name__] += 1
            if isinstance(error, httpx.TimeoutException):
                self.problems.append(f"{method} {path}: no answer in time")
            return None
        self.answers[f"{answer.status_code}"] += 1
        if answer.status_code == 503:
            if "retry-after" not in answer.headers or list(answer.json()) != ["detail"]:
                self.problems.append(f"{method} {path}: {answer.headers} {answer.text}")
            return None
        if not answer.is_success:
            self.problems.append(f"{method} {path}: {answer.status_code} {answer.text}")
            return None
        return answer.json() if answer.content else True

    def _one(self, state: str) -> int | None:
        found = [note for note, known in self.notes.items() if known.state == state]
        return self._random.choice(found) if found else None

    def _write(self) -> None:
        title = f"Note {self._count}"
        wanted: dict[str, Any] = {"title": title, "content": f"{title} has five words"}
        if self.courses and self._random.random() < 0.5:
            wanted["course_id"] = self._random.choice(sorted(self.courses))
        if made := self._call("POST", "notes/", wanted):
            self.notes[made["id"]] = Known(title)

    def _edit(self) -> None:
        if note := self._one("live"):
            title = f"Edited {self._count}"
            done = self._call("PATCH", f"notes/{note}/", {"title": title, "content": f"{title} has five words"})
            self.notes[note].title = title if done else None

    def _add_block(self) -> None:
        if note := self._one("live"):
            self._call("POST", f"notes/{note}/blocks/", {"block_type": "N", "text": f"block {self._count}"})

    def _bin(self) -> None:
        if note := self._one("live"):
            self.notes[note].state = "trashed" if self._call("DELETE", f"notes/{note}/") else None

    def _restore(self) -> None:
        if note := self._one("trashed"):
            self.notes[note].state = "live" if self._call("POST", f"notes/{note}/restore/", {}) else None

    def _purge(self) -> None:
        if note := self._one("trashed"):
            self.notes[note].state = "purged" if self._call("DELETE", f"notes/deleted/{note}/") else None

    def _open_course(self) -> None:
        if made := self._call("POST", "courses/", {"title": f"Course {self.user.id} {self._count}"}):
            self.courses.add(made["id"])

    def _close_course(self) -> None:
        if self.courses:
            course = self._random.choice(sorted(self.courses))
            self.courses.discard(course)
            self._call("DELETE", f"courses/{course}/")

    def _plan(self) -> None:
        wanted = {"title": f"Event {self._count}", "event_date": "2026-11-22"}
        if made := self._call("POST", "planner-events/", wanted):
            self.events.add(made["id"])

    def _set(self) -> None:
        motto = f"Motto {self._count}"
        self.motto = motto if self._call("PATCH", "settings/", {"motto": motto}) else None

    def _look(self) -> None:
        for path in ("notes/?limit=5", "activity/week/", "front-page/"):
            self._call("GET", path)


def disturb(stack: Stack, seed: int, seconds: float) -> list[str]:
    """Kill a part every other second and start it again soon; which ones died."""
    chance, died = random.Random(seed), list[str]()  # noqa: S311 - to be repeated
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(chance.uniform(1, 3))
        part = chance.choice(PARTS)
        died.append(part)
        stack.kill(part)
        time.sleep(chance.uniform(0.1, 2))
        stack.start_part(part)
    return died
