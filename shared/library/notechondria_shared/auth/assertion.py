"""Internal assertions (ADR 0006, ADR 0032): identity's signed word that a user stands behind a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notechondria_contracts.internal.headers import ASSERTION_HEADER, INTERNAL_TOKEN_HEADER
from notechondria_shared.core.keys import CallTokens, PublicKeys, SigningKey

__all__ = ["ASSERTION_HEADER", "INTERNAL_TOKEN_HEADER", "ServiceKeys"]

ISSUER = "identity"
_CARRIED = ("username", "image_path", "editor_mode", "is_staff", "is_superuser", "scopes", "kind")


class ServiceKeys:
    """A service's own key, and what it needs to know of the others."""

    def __init__(self, service: str, key: SigningKey, public: PublicKeys) -> None:
        self.service = service
        self.calls = CallTokens(service, key)
        self._key, self._public = key, public

    def caller(self, token: str) -> str | None:
        """Who calls this service, by the token of the call; None when it proves nothing."""
        claims = self._public.read(token, "call+jwt", self.service)
        return None if claims is None else str(claims["iss"])

    def assertion(self, user_id: int, claims: Mapping[str, Any], audience: str, actor: str) -> str:
        """An assertion with which `actor` acts for a user at `audience`, good for 60 s. Of use in identity alone:
        nobody accepts one that another key signed."""
        carried = {name: claims[name] for name in _CARRIED}
        return self._key.token("assertion+jwt", self.service, audience, {**carried, "sub": str(user_id), "azp": actor})

    def verify(self, assertion: str) -> dict[str, Any] | None:
        """The claims of an assertion, None when it is forged, expired or meant for another service."""
        body = self._public.read(assertion, "assertion+jwt", self.service)
        if body is None or body["iss"] != ISSUER:
            return None
        try:
            return {"user_id": int(body["sub"]), **{name: body[name] for name in _CARRIED}}
        except (KeyError, TypeError, ValueError):
            return None

    def derive(self, purpose: bytes) -> bytes:
        """32 secret bytes for one purpose, the same in all replicas of this service."""
        return self._key.derive(purpose)
