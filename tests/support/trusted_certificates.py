"""The certificates that clients of HTTP trust, read once by a process of tests.

httpx reads certifi's file for each client, and for each request without one, whether they speak TLS or not: 16
milliseconds of processor time, ten seconds of a test that asks every internal endpoint.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import certifi

_create = ssl.create_default_context


@cache
def _of_certifi() -> ssl.SSLContext:
    return _create(cafile=certifi.where())


def _kept(purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH, **files: Any) -> ssl.SSLContext:
    return _of_certifi() if files == {"cafile": certifi.where()} else _create(purpose, **files)


def install() -> None:
    """Have clients of this process share one context from now on; every other context is made anew."""
    ssl.create_default_context = _kept
