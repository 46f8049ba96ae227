"""Tokens of published calendars: shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_BYTES = 32


def fresh() -> str:
    """A new token, 43 characters that may stand in a path."""
    return secrets.token_urlsafe(_BYTES)


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def matches(token: str, kept: str | None) -> bool:
    """Whether `kept` is the digest of `token`, in the same time whatever the answer."""
    return hmac.compare_digest(digest(token), kept or "-" * 64)
