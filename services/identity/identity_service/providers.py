"""Google and GitHub over HTTP (identity §10.3): a code or token in, a profile out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

import httpx
from pydantic import JsonValue

from identity_service.redirects import Registration
from identity_service.settings import IdentitySettings

TEXT_LIMIT = 300
"""Characters of a provider's own words that are passed on."""


class ProviderError(Exception):
    """A step at the provider failed. `phase` names it; `unreachable`: it did not answer (decision 24)."""

    def __init__(self, phase: str, text: str, *, unreachable: bool = False) -> None:
        super().__init__(text)
        self.phase, self.text, self.unreachable = phase, text, unreachable


@dataclass(frozen=True, slots=True)
class Profile:
    """Who the provider says it is. `email` is empty unless the provider has verified it (decision 23)."""

    provider: str
    uid: str
    email: str
    username: str
    name: str
    extra: dict[str, JsonValue] = field(default_factory=dict)


class _CallOptions(TypedDict, total=False):
    headers: dict[str, str]
    params: dict[str, str]
    data: dict[str, str]
    json: dict[str, str]


class Providers:
    """Calls to the providers; every failure is a `ProviderError`."""

    def __init__(self, http: httpx.AsyncClient, settings: IdentitySettings) -> None:
        self._http, self._settings = http, settings

    async def profile(
        self, provider: str, client: Registration, *, code: str, id_token: str, redirect_uri: str
    ) -> Profile:
        """The profile behind a code (or, for Google, an id token)."""
        if provider == "google":
            token = id_token or await self._google_token(client, code, redirect_uri)
            return await self._google_profile(client, token)
        access = await self._github_token(client, code, redirect_uri)
        return await self._github_profile(access)

    async def _google_token(self, client: Registration, code: str, redirect_uri: str) -> str:
        form = {
            "code": code,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "redirect_uri": redirect_uri,
            "grant_type": "authorization_code",
        }
        seconds = self._settings.oauth_exchange_seconds
        body = await self._call("token_exchange", "POST", self._settings.google_token_url, seconds=seconds, data=form)
        return _text(body, "id_token") or _missing("token_exchange", _words(body) or "Google sent no id token.")

    async def _google_profile(self, client: Registration, id_token: str) -> Profile:
        seconds = self._settings.oauth_profile_seconds
        body = await self._call(
            "token_verify", "GET", self._settings.google_tokeninfo_url, seconds=seconds, params={"id_token": id_token}
        )
        if not client.client_id or _text(body, "aud") != client.client_id:
            _missing("token_verify", "The token was made for somebody else.")
        uid = _text(body, "sub") or _missing("token_verify", "Google sent no account id.")
        email = _text(body, "email").lower() if _text(body, "email_verified").lower() == "true" else ""
        local = _text(body, "email").partition("@")[0]
        return Profile(
            provider="google",
            uid=uid,
            email=email,
            username=local or f"google_{uid}",
            name=_text(body, "name"),
            extra={name: _text(body, name) for name in ("name", "picture", "locale")},
        )

    async def _github_token(self, client: Registration, code: str, redirect_uri: str) -> str:
        body = {"client_id": client.client_id, "client_secret": client.client_secret, "code": code}
        if redirect_uri:
            body["redirect_uri"] = redirect_uri
        seconds = self._settings.oauth_exchange_seconds
        answer = await self._call("token_exchange", "POST", self._settings.github_token_url, seconds=seconds, json=body)
        return _text(answer, "access_token") or _missing("token_exchange", _words(answer) or "GitHub sent no token.")

    async def _github_profile(self, access_token: str) -> Profile:
        base, seconds = self._settings.github_api_url.rstrip("/"), self._settings.oauth_profile_seconds
        headers = {"Authorization": f"Bearer {access_token}"}
        user = await self._call("profile_fetch", "GET", f"{base}/user", seconds=seconds, headers=headers)
        uid = _text(user, "id") or _missing("profile_fetch", "GitHub sent no account id.")
        login = _text(user, "login")
        try:
            listed = await self._call("profile_fetch", "GET", f"{base}/user/emails", seconds=seconds, headers=headers)
        except ProviderError as problem:
            if problem.unreachable:
                raise
            listed = []  # no leave to read them: then none is known to be verified
        return Profile(
            provider="github",
            uid=uid,
            email=_verified_email(listed, _text(user, "email")),
            username=login or f"github_{uid}",
            name=_text(user, "name") or login,
            extra={"login": login, "name": _text(user, "name"), "avatar_url": _text(user, "avatar_url")},
        )

    async def _call(
        self, phase: str, method: str, url: str, *, seconds: float, **options: Unpack[_CallOptions]
    ) -> JsonValue:
        options["headers"] = {"Accept": "application/json", **options.get("headers", {})}
        try:
            # httpx counts each read by itself; a provider that drips must end too.
            async with asyncio.timeout(seconds):
                answer = await self._http.request(method, url, timeout=seconds, **options)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            message = f"the provider cannot be reached ({type(error).__name__})."
            raise ProviderError(phase, message, unreachable=True) from None
        try:
            body: JsonValue = answer.json()
        except ValueError:
            body = None
        if answer.status_code >= 500:
            message = f"the provider answered {answer.status_code}."
            raise ProviderError(phase, message, unreachable=True)
        if not answer.is_success:
            raise ProviderError(phase, _words(body) or "the provider refused the request.")
        return body


def _verified_email(listed: JsonValue, public: str) -> str:
    """The public address when it is verified, else the primary verified one, else none."""
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    verified = [entry for entry in entries if entry.get("verified") is True]
    for entry in verified:
        if public and _text(entry, "email").lower() == public.lower():
            return public.lower()
    return next((_text(entry, "email").lower() for entry in verified if entry.get("primary") is True), "")


def _text(body: JsonValue, name: str) -> str:
    """A string or number of an object as text, "" for anything else; NUL never comes through."""
    value = body.get(name) if isinstance(body, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("\x00", "").strip() if isinstance(value, str | int) else ""


def _words(body: JsonValue) -> str:
    """The provider's own explanation."""
    return (_text(body, "error_description") or _text(body, "error"))[:TEXT_LIMIT]


def _missing(phase: str, text: str) -> str:
    raise ProviderError(phase, text)
