"""Password hashing off the event loop: argon2id, a bounded pool, the same time for unknown names (identity §7.5)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import re
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers import HasherProtocol
from pwdlib.hashers.argon2 import Argon2Hasher

from notechondria_shared.core.errors import TooManyRequests

ResultT = TypeVar("ResultT")
MAX_LENGTH = 1024
BUSY = "Sign-in refused: Backend.Creators.Auth/login — too many sign-ins at once, try again in a moment."
COMPOSITION = "Needs an upper-case letter, a lower-case letter and a character that is no letter."

DJANGO_PREFIX = "pbkdf2_sha256$"
MAX_ITERATIONS = 5_000_000
"""Of an imported hash; more would be a way to keep a thread busy."""


class DjangoHasher(HasherProtocol):
    """Hashes of the former backend, `pbkdf2_sha256$<iterations>$<salt>$<base64>`: verified, never made."""

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002 - the protocol's name
        """True for a hash of this kind."""
        return _text(hash).startswith(DJANGO_PREFIX)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """Not offered: new hashes are argon2id."""
        raise UnknownHashError("pbkdf2_sha256")

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - the protocol's name
        """True when the password matches; a malformed hash matches nothing."""
        try:
            _, iterations, salt, expected = _text(hash).split("$")
            rounds = int(iterations)
        except ValueError:
            return False
        if not 0 < rounds <= MAX_ITERATIONS:
            return False
        derived = hashlib.pbkdf2_hmac("sha256", _text(password).encode(), salt.encode(), rounds)
        return hmac.compare_digest(base64.b64encode(derived).decode(), expected)

    def check_needs_rehash(self, hash: str | bytes) -> bool:  # noqa: A002 - the protocol's name
        """Always: it is upgraded at the next sign-in."""
        return True


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


# One of the argon2id profiles OWASP calls equal: 9 MiB, four passes, one lane. Larger ones lose time on fresh pages.
_HASHER = PasswordHash((Argon2Hasher(time_cost=4, memory_cost=9216, parallelism=1), DjangoHasher()))


@lru_cache
def _dummy_hash() -> str:
    return _HASHER.hash("nobody has this password")


def composition_problem(password: str) -> str | None:
    """The refusal of a password without the mixture of identity §7.1, None when it is fine."""
    if re.search("[A-Z]", password) and re.search("[a-z]", password) and re.search(r"[^A-Za-z]", password):
        return None
    return COMPOSITION


class PasswordPool:
    """Hashes and verifies in a few threads, in turns of those who ask; beyond its queue it refuses with 429.

    Each source (the network a try comes from) has a line of its own, and the lines take turns: who sends a hundred
    tries a second waits behind his own. When the queue is full the last of the longest line is refused, so that
    somebody who tries once always finds a place.
    """

    def __init__(self, workers: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="password", initializer=_step_back)
        self.workers, self.queue = workers, queue
        self._idle = workers
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Passwords that wait for a thread; beyond `queue` one is refused."""
        return sum(len(line) for line in self._lines.values())

    async def hash(self, password: str, source: str = "") -> str:
        """The argon2id hash."""
        return await self._run(partial(_HASHER.hash, password), source)

    async def verify(self, password: str, stored: str | None, source: str = "") -> tuple[bool, str | None]:
        """(matches, new hash when the stored one should be upgraded). An unknown account costs the same time."""
        if not stored:
            await self._run(partial(_verify, password, _dummy_hash()), source)
            return False, None
        return await self._run(partial(_verify, password, stored), source)

    async def _run(self, function: Callable[[], ResultT], source: str) -> ResultT:
        await self._turn(source)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, function)
        finally:
            self._next()

    async def _turn(self, source: str) -> None:
        if self._idle:
            self._idle -= 1
            return
        if self.waiting >= self.queue:
            self._make_room(source)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(source, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._next()  # its turn came as its client left
            raise

    def _make_room(self, source: str) -> None:
        own = len(self._lines.get(source, ()))
        name, longest = max(self._lines.items(), key=lambda item: len(item[1]))
        if len(longest) <= own + 1:
            raise TooManyRequests(BUSY, retry_after=2)
        last = longest.pop()
        if not longest:
            del self._lines[name]
        if not last.done():
            last.set_exception(TooManyRequests(BUSY, retry_after=2))

    def _next(self) -> None:
        while self._lines:
            source, line = self._lines.popitem(last=False)
            turn = line.popleft()
            if line:
                self._lines[source] = line
            if not turn.done():
                turn.set_result(None)
                return
        self._idle += 1

    def close(self) -> None:
        """Let running threads finish."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Let the scheduler prefer the event loop to a hashing thread (Linux: priorities are per thread)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


def _verify(password: str, stored: str) -> tuple[bool, str | None]:
    try:
        return _HASHER.verify_and_update(password, stored)
    except UnknownHashError:
        # As long as for a hash that is known.
        _HASHER.verify(password, _dummy_hash())
        return False, None
