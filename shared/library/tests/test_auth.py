"""Credentials and assertions (identity §2, ADR 0006)."""

from __future__ import annotations

import hashlib

import jwt
import pytest

from notechondria_shared.auth.assertion import AssertionKey
from notechondria_shared.auth.credentials import parse_authorization
from notechondria_shared.core.errors import Unauthorized

TOKEN = "4be1c0d2a9f34c5588d7e61f0a2b3c4d5e6f7081"
KEY = "ntc_0123456789abcdef0123456789abcdef"
CLAIMS = {
    "username": "mira",
    "image_path": "",
    "editor_mode": "P",
    "is_staff": False,
    "is_superuser": False,
    "scopes": ["read"],
    "kind": "session",
}


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize("header", [f"Token {TOKEN}", f"token {TOKEN}", f"TOKEN  {TOKEN}"])
def test_the_token_scheme_ignores_case(header: str) -> None:
    found = parse_authorization(header)
    assert found is not None
    assert (found.kind, found.digest, found.shown) == ("session", hashlib.sha256(TOKEN.encode()).hexdigest(), TOKEN[:8])


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize("header", [None, "", "Token", "Token  ", "Basic abc", f"bearer {KEY}", "Bearer eyJhbGci"])
def test_what_counts_as_no_credentials(header: str | None) -> None:
    assert parse_authorization(header) is None


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (f"Token {TOKEN}0", "Invalid token."),
        ("Token a b", "Invalid token."),
        ("Bearer ntc_short", "Invalid API key."),
        (f"Bearer {KEY.upper().replace('NTC', 'ntc')}", "Invalid API key."),
    ],
)
def test_a_malformed_credential_reads_like_an_unknown_one(header: str, detail: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        parse_authorization(header)
    assert refused.value.body == {"detail": detail}
    assert refused.value.headers == {"WWW-Authenticate": "Token"}


@pytest.mark.contract("ADR 0006")
def test_an_assertion_is_verified_locally() -> None:
    key = AssertionKey("a shared secret of the stack")
    claims = key.verify(key.sign(8, CLAIMS))
    assert claims == {"user_id": 8, **CLAIMS}


@pytest.mark.contract("ADR 0006")
def test_forged_foreign_and_expired_assertions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    key = AssertionKey("a shared secret of the stack")
    signed = key.sign(8, CLAIMS)
    assert AssertionKey("another secret").verify(signed) is None
    unsigned = jwt.encode({"sub": "8", "aud": "internal", "exp": 2**33, **CLAIMS}, "", algorithm="none")
    assert key.verify(unsigned) is None
    assert key.verify("nonsense") is None
    monkeypatch.setattr("notechondria_shared.auth.assertion.time.time", lambda: 1_000_000_000)
    old = key.sign(8, CLAIMS)
    monkeypatch.undo()
    assert key.verify(old) is None
