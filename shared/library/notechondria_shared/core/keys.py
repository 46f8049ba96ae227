"""Keys of the parts of the system: each has an Ed25519 key of its own (RFC 8032, ADR 0032).

A part proves with it who calls: a token of a minute for one service (a JWT, RFC 7519, signed as RFC 8037 has it). What
others need to check that is public, and the same for all of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from notechondria_contracts.services import CALLERS

LIFETIME_SECONDS = 60
"""So long a token is good at most; its reader refuses a longer one, whatever its signature is worth."""
CLOCK_SECONDS = 5
"""So far may the clocks of two machines be apart."""
RENEW_SECONDS = 30.0
"""After which the token for a service is made anew."""
ALGORITHM = "EdDSA"
TokenType = Literal["call+jwt", "assertion+jwt"]
"""`typ` of a token: who calls, or for which user. One is never taken for the other (RFC 8725 §3.11)."""
Claims = dict[str, Any]
"""A JSON object; each reader checks what it takes out of it."""
KEY_BYTES = 32
_SIGNATURE_LETTERS = 86
"""Of 64 bytes in base64, without padding."""
READ_TOKENS = 2000
"""So many tokens that were verified are remembered, the ones used last."""


def _bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==", validate=False)
    except binascii.Error:
        raw = b""
    if len(raw) != KEY_BYTES:
        message = "a key is 32 bytes in base64"
        raise ValueError(message)
    return raw


def key_id(public: Ed25519PublicKey) -> str:
    """The `kid` of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


class SigningKey:
    """A private key. Its text is the 32 bytes of RFC 8032 in base64; ValueError for any other."""

    def __init__(self, text: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_bytes(text))
        self.id = key_id(self._key.public_key())

    @staticmethod
    def generate() -> str:
        """The text of a new key."""
        return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()

    @property
    def public(self) -> str:
        """The text of the public key."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def derive(self, purpose: bytes) -> bytes:
        """32 secret bytes for one purpose, the same wherever this key is (HKDF, RFC 5869)."""
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - two services alone need it
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(self._key.private_bytes_raw())

    def sign(self, data: bytes) -> str:
        """`<key id>.<signature>`, base64url without padding."""
        return f"{self.id}.{base64.urlsafe_b64encode(self._key.sign(data)).decode().rstrip('=')}"

    def token(self, kind: TokenType, issuer: str, audience: str, claims: Mapping[str, Any] | None = None) -> str:
        """A token of `issuer` for `audience`, good from now on for 60 s."""
        import jwt  # noqa: PLC0415 - 2 MiB that who only makes keys does without

        issued = int(time.time())
        body = {**(claims or {}), "iss": issuer, "aud": audience, "iat": issued, "exp": issued + LIFETIME_SECONDS}
        return jwt.encode(body, self._key, algorithm=ALGORITHM, headers={"typ": kind, "kid": self.id})


class PublicKeys:
    """Whose public keys are which: `name:key` for each caller, with commas between them; one may have several."""

    def __init__(self, text: str) -> None:
        self._keys: dict[str, dict[str, Ed25519PublicKey]] = {name: {} for name in CALLERS}
        self._read: OrderedDict[tuple[str, TokenType, str], Claims] = OrderedDict()
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, _, key = entry.partition(":")
            if name not in self._keys:
                message = f"there is no {name[:20]!r}; there are {', '.join(CALLERS)}"
                raise ValueError(message)
            public = Ed25519PublicKey.from_public_bytes(_bytes(key))
            self._keys[name][key_id(public)] = public

    def has(self, name: str, identifier: str) -> bool:
        """Whether this is one of the keys of `name`."""
        return identifier in self._keys.get(name, {})

    def verify(self, name: str, signature: str, data: bytes) -> bool:
        """Whether `signature`, as `SigningKey.sign` writes it, is that of `name` over these bytes."""
        identifier, _, text = signature.partition(".")
        key = self._keys.get(name, {}).get(identifier)
        if key is None or len(text) > _SIGNATURE_LETTERS:
            return False
        try:
            key.verify(base64.urlsafe_b64decode(text + "=="), data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def read(self, token: str, kind: TokenType, audience: str) -> Claims | None:
        """The claims of a token for `audience`, None when it is forged, expired, too long-lived or for somebody else.

        What was verified once is so until it ends: a caller shows the same token for many calls, and verifying one
        takes 0.2 ms. Callers do not change the claims.
        """
        known = (token, kind, audience)
        claims = self._read.get(known)
        if claims is None:
            claims = self._verified(token, kind, audience)
            if claims is not None:
                self._read[known] = claims
                if len(self._read) > READ_TOKENS:
                    self._read.popitem(last=False)
        elif claims["exp"] <= time.time() - CLOCK_SECONDS:
            del self._read[known]
            return None
        else:
            self._read.move_to_end(known)
        return claims

    def _verified(self, token: str, kind: TokenType, audience: str) -> Claims | None:
        """The key is looked up by the issuer that the token claims to be from, so nobody signs for another."""
        import jwt  # noqa: PLC0415 - as in `SigningKey.token`

        try:
            header = jwt.get_unverified_header(token)
            claimed: Claims = jwt.decode(token, options={"verify_signature": False})
            key = self._keys[claimed["iss"]][header["kid"]]
            if header["typ"] != kind:
                return None
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=audience,
                leeway=CLOCK_SECONDS,
                options={"require": ["iss", "aud", "iat", "exp"], "strict_aud": True},
            )
            return claims if claims["exp"] - claims["iat"] <= LIFETIME_SECONDS else None
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            return None


class CallTokens:
    """What a caller shows to the services it calls: a token for each, used for 30 s."""

    def __init__(self, name: str, key: SigningKey) -> None:
        self._name, self._key = name, key
        self._made: dict[str, tuple[float, str]] = {}

    def token(self, service: str) -> str:
        """The token for calls of one service; no other accepts it."""
        made, token = self._made.get(service, (0.0, ""))
        at = time.monotonic()
        if not token or at - made > RENEW_SECONDS:
            token = self._key.token("call+jwt", self._name, service)
            self._made[service] = (at, token)
        return token
