"""Password hashing off the event loop: argon2id, a bounded pool, the same time for unknown names (identity §7.5)."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from notechondria_shared.errors import TooManyRequests

MAX_LENGTH = 1024
BUSY = "Sign-in refused: Backend.Creators.Auth/login — too many sign-ins at once, try again in a moment."
COMPOSITION = "Needs an upper-case letter, a lower-case letter and a character that is no letter."

# OWASP's second argon2id profile: 19 MiB, two passes, one lane.
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1),))


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
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._free = workers + queue

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


def _verify(password: str, stored: str) -> tuple[bool, str | None]:
    try:
        return _HASHER.verify_and_update(password, stored)
    except UnknownHashError:
        return False, None
