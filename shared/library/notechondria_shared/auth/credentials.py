"""Reading the Authorization header (identity §2)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from notechondria_shared.core.errors import INVALID_KEY, INVALID_TOKEN, Unauthorized

Kind = Literal["session", "key"]
KEY_PREFIX = "Bearer ntc_"
_KEY = re.compile(r"ntc_[0-9a-f]{32}")
_TOKEN = re.compile(r"[0-9a-zA-Z]{1,40}")


def digest(secret: str) -> str:
    """SHA-256 hex of a token or key: the only form in which it is stored, cached or sent between services."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Credential:
    """A well-formed credential: which scheme, its digest, and the 8 characters a log may show."""

    kind: Kind
    digest: str
    shown: str


def parse_authorization(header: str | None) -> Credential | None:
    """The credential of an Authorization header; None when there is none the product knows.

    The `Token` scheme is case-insensitive, `Bearer ntc_` is not. A malformed value is refused with the same text as an
    unknown one.
    """
    if not header:
        return None
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "token" and value:
        if not _TOKEN.fullmatch(value):
            raise Unauthorized(INVALID_TOKEN)
        return Credential("session", digest(value), value[:8])
    if header.startswith(KEY_PREFIX):
        key = header.removeprefix("Bearer ").strip()
        if not _KEY.fullmatch(key):
            raise Unauthorized(INVALID_KEY)
        return Credential("key", digest(key), key[:8])
    return None
