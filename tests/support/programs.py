"""A program that a person allows to act for them, as its side of the protocol sees it (RFC 6749, RFC 7591)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from notechondria_contracts.internal.authorization import AUTHORIZATION_PATH
from notechondria_contracts.scopes import SCOPES
from notechondria_shared.auth.credentials import digest
from tests.support.client import Api, User

CALLBACK = "https://program.example/callback"


def pkce() -> tuple[str, str]:
    """A verifier and its S256 challenge (RFC 7636 §4)."""
    verifier = secrets.token_urlsafe(48)
    return verifier, base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def public_url(api: Api) -> str:
    """The address that the deployment has for programs."""
    return str(api.get("/.well-known/oauth-authorization-server").json()["issuer"])


def consent(user: User, step: str, body: dict[str, Any]) -> dict[str, Any]:
    """What identity answers web, in the name of this person."""
    answer = consent_answer(user, step, body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["answer"]
    return found


def consent_answer(
    user: User, step: str, body: dict[str, Any] | None = None, method: str = "POST", identity: str = ""
) -> httpx.Response:
    """A call of web to identity, in the name of this person."""
    stack = user.api.stack
    identity, headers = identity or stack.service_url("identity"), stack.internal_header("identity", "web")
    question = {"kind": "session", "digest": digest(user.token)}
    known = httpx.post(f"{identity}/internal/introspect", json=question, headers=headers, trust_env=False).json()
    headers["X-Internal-Assertion"] = known["assertions"]["identity"]
    url = f"{identity}{AUTHORIZATION_PATH}/{step}"
    body = {"user_agent": "Mozilla/5.0 (Macintosh)", "address": "203.0.113.7", **(body or {})}
    return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=20)


@dataclass
class Program:
    """A registered program. `tokens` is the newest answer of the token endpoint."""

    api: Api
    client_id: str
    redirect_uri: str = CALLBACK
    verifier: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def registered(cls, api: Api, redirect_uri: str = CALLBACK, **metadata: Any) -> Program:
        """A program that registered itself."""
        answer = api.post("/oauth/register", {"redirect_uris": [redirect_uri], "client_name": "A program", **metadata})
        assert answer.status_code == 201, answer.text
        return cls(api, answer.json()["client_id"], redirect_uri)

    def query(self, **changed: str | None) -> str:
        """The query of an authorization request; None leaves a parameter out."""
        self.verifier, challenge = pkce()
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "s-1",
            "scope": " ".join(SCOPES),
            "resource": f"{public_url(self.api)}/mcp",
            **changed,
        }
        return urlencode({name: value for name, value in asked.items() if value is not None})

    def code(self, user: User, scopes: Iterable[str] = SCOPES, days: int = 30, **changed: str | None) -> str:
        """The code of a person who allows these scopes."""
        body = {"query": self.query(**changed), "scopes": list(scopes), "days": days}
        back = consent(user, "approve", body)
        assert back["kind"] == "redirect", back
        return answered(back["url"])["code"]

    def token(self, **form: str | None) -> httpx.Response:
        """A request to the token endpoint."""
        sent = {"client_id": self.client_id, **form}
        return self.api.request("POST", "/oauth/token", data={name: text for name, text in sent.items() if text})

    def redeem(self, code: str, /, **changed: str | None) -> httpx.Response:
        """Exchange a code."""
        form = {"code": code, "redirect_uri": self.redirect_uri, "code_verifier": self.verifier, **changed}
        return self.token(**{"grant_type": "authorization_code", **form})

    def connect(self, user: User, scopes: Iterable[str] = SCOPES, days: int = 30, **changed: str | None) -> str:
        """Become connected; the access token."""
        answer = self.redeem(self.code(user, scopes, days, **changed))
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return str(self.tokens["access_token"])

    def refresh(self, token: str | None = None, **form: str | None) -> httpx.Response:
        """Renew the tokens with the newest refresh token, or another."""
        sent = token or self.tokens["refresh_token"]
        answer = self.token(**{"grant_type": "refresh_token", "refresh_token": sent, **form})
        if answer.status_code == 200 and token is None:
            self.tokens = answer.json()
        return answer

    @property
    def bearer(self) -> dict[str, str]:
        """The header with the newest access token."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}


def answered(url: str) -> dict[str, str]:
    """The parameters of the answer in a redirect."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
