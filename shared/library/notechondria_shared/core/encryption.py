"""Secrets that a service has to read again: encrypted in its tables by a key that stands outside the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

_NONCE_BYTES = 12
_FORM = "1."
"""What begins the text: another way of encrypting will begin with something else."""


class UndecipherableError(Exception):
    """The text was encrypted with another key, for something else, or is damaged."""


class Cipher:
    """Encrypts texts (AES-256-GCM, NIST SP 800-38D); `key` is 32 bytes for one purpose, of `ServiceKeys.derive`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, text: str, belongs_to: str) -> str:
        """The encrypted text; it can be read again only with the same `belongs_to`, so that nobody who can write to the
        database gives it to something else."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - few services need it

        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._key).encrypt(nonce, text.encode(), belongs_to.encode())
        return _FORM + base64.b64encode(nonce + sealed).decode()

    def decrypt(self, stored: str, belongs_to: str) -> str:
        """The text; `UndecipherableError` when it cannot be read."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        if not stored.startswith(_FORM):
            raise UndecipherableError
        try:
            sealed = base64.b64decode(stored.removeprefix(_FORM), validate=True)
            return AESGCM(self._key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], belongs_to.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise UndecipherableError from error

    def mark(self, text: str) -> str:
        """Equal for equal texts, and of no use without the key (HMAC-SHA-256): what is encrypted never looks alike."""
        return hmac.new(self._key, b"mark:" + text.encode(), hashlib.sha256).hexdigest()
