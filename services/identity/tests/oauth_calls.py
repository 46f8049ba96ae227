"""Signing in with a provider of our own."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from tests.support.client import Api
from tests.support.provider import Person, Provider

BOTH = pytest.mark.parametrize("name", ["google", "github"])


def someone(**given: Any) -> Person:
    handle = f"oauth-{secrets.token_hex(4)}"
    return Person(**{"email": f"{handle}@example.org", "login": handle, "name": "Ada Byron King", **given})


def sign_in(api: Api, provider: Provider, name: str, person: Person, **body: Any) -> Any:
    return api.post(f"auth/{name}/", {"code": provider.add(person), **body})


def headers(body: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Token {body['token']}"}
