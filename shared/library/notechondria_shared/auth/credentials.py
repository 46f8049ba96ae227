"""Reading the Authorization header (identity §2)."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from typing import Literal

from notechondria_shared.core.errors import INVALID_KEY, INVALID_TOKEN, InvalidAccessToken, Unauthorized

Kind = Literal["session", "key", "token"]
"""A person's session, an API key, a program's access token (RFC 6749 §1.4)."""
KEY_PREFIX = "Bearer ntc_"
BEARER = "bearer "
ACCESS_TOKEN = "nca_"  # noqa: S105 - how one begins
REFRESH_TOKEN = "ncr_"  # noqa: S105
_KEY = re.compile(r"ntc_[0-9a-f]{32}")
_TOKEN = re.compile(r"[0-9a-zA-Z]{1,40}")
_LETTERS = string.digits + string.ascii_letters
_RANDOM, _CHECK = 40, 6
_WITH_CHECKSUM = re.compile(rf"nc[a-z]_[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")


def digest(secret: str) -> str:
    """SHA-256 hex of a token or key: the only form in which it is stored, cached or sent between services."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret(prefix: str) -> str:
    """A secret that names its kind and ends with a checksum: whoever finds one knows what it is, and a mistyped one is
    refused without a look into the database."""
    text = prefix + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return text + _checksum(text)


def is_whole(secret: str, prefix: str) -> bool:
    """Whether a secret has the form of those of `prefix`, its checksum included."""
    return (
        secret.startswith(prefix)
        and _WITH_CHECKSUM.fullmatch(secret) is not None
        and secret[-_CHECK:] == _checksum(secret[:-_CHECK])
    )


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), []
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_LETTERS))
        digits.append(_LETTERS[digit])
    return "".join(digits)


@dataclass(frozen=True, slots=True)
class Credential:
    """A well-formed credential: which scheme, its digest, and the 8 characters a log may show."""

    kind: Kind
    digest: str
    shown: str


def parse_authorization(header: str | None) -> Credential | None:
    """The credential of an Authorization header; None when there is none the product knows.

    The `Token` scheme is case-insensitive, `Bearer ntc_` is not; that of an access token is (RFC 6750 §2.1). A
    malformed value is refused with the same text as an unknown one.
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
    if (token := access_token(header)) is not None:
        if not is_whole(token, ACCESS_TOKEN):
            raise InvalidAccessToken
        return Credential("token", digest(token), token[:8])
    return None


def access_token(header: str) -> str | None:
    """What an Authorization header holds in the form of a program's access token; None when it is something else."""
    value = header[len(BEARER) :].strip()
    return value if header.lower().startswith(BEARER) and value.startswith(ACCESS_TOKEN) else None
