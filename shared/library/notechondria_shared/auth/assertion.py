"""Internal assertions (ADR 0006): identity's signed word that a user stands behind a call between services."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

import jwt

from notechondria_contracts.internal.headers import ASSERTION_HEADER, INTERNAL_TOKEN_HEADER

__all__ = ["ASSERTION_HEADER", "INTERNAL_TOKEN_HEADER", "AssertionKey"]

AUDIENCE = "internal"
LIFETIME_SECONDS = 60
_CARRIED = ("username", "image_path", "editor_mode", "is_staff", "is_superuser", "scopes", "kind")


class AssertionKey:
    """Signs and verifies assertions with a key derived from INTERNAL_TOKEN (HMAC-SHA256, RFC 7519)."""

    def __init__(self, internal_token: str) -> None:
        self._key = hmac.new(internal_token.encode(), b"notechondria.assertion.v1", hashlib.sha256).digest()

    def sign(self, user_id: int, claims: dict[str, Any]) -> str:
        """An assertion for `user_id`, good for 60 s."""
        issued = int(time.time())
        carried = {name: claims[name] for name in _CARRIED}
        body = {"sub": str(user_id), "aud": AUDIENCE, "iat": issued, "exp": issued + LIFETIME_SECONDS, **carried}
        return jwt.encode(body, self._key, algorithm="HS256")

    def verify(self, assertion: str) -> dict[str, Any] | None:
        """The claims of an assertion, None when it is forged, expired or meant for somebody else."""
        try:
            body = jwt.decode(
                assertion,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                options={"require": ["exp", "sub", "aud"]},
            )
            return {"user_id": int(body["sub"]), **{name: body[name] for name in _CARRIED}}
        except (jwt.InvalidTokenError, KeyError, ValueError):
            return None
