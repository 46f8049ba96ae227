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
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers import HasherProtocol
from pwdlib.hashers.argon2 import Argon2Hasher

from notechondria_shared.core.errors import TooManyRequests

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
    """Hashes and verifies in a few threads; beyond its queue it refuses with 429 instead of slowing everybody down."""

    def __init__(self, workers: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="password", initializer=_step_back)
        self.workers, self.queue = workers, queue
        self._free = workers + queue

    @property
    def waiting(self) -> int:
        """Passwords that wait for a thread; beyond `queue` the next is refused."""
        return max(0, self.queue - self._free)

    async def hash(self, password: str) -> str:
        """The argon2id hash."""
        return str(await self._run(_HASHER.hash, password))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """(matches, new hash when the stored one should be upgraded). An unknown account costs the same time."""
        if not stored:
            await self._run(_verify, password, _dummy_hash())
            return False, None
        matches, upgraded = await self._run(_verify, password, stored)
        return bool(matches), upgraded

    async def _run(self, function, *arguments: str):  # type: ignore[no-untyped-def]
        if self._free <= 0:
            raise TooManyRequests(BUSY, retry_after=2)
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
        finally:
            self._free += 1

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
