"""Credentials and assertions (identity §2, ADR 0006)."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import jwt
import pytest

from notechondria_shared.auth.assertion import ServiceKeys
from notechondria_shared.auth.credentials import parse_authorization
from notechondria_shared.core.errors import Unauthorized
from notechondria_shared.core.keys import PublicKeys, SigningKey

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


PRIVATE = {name: SigningKey.generate() for name in ("identity", "planner", "notes")}
PUBLIC = ",".join(f"{name}:{SigningKey(key).public}" for name, key in PRIVATE.items())


def keys_of(service: str, private: str = "", public: str = PUBLIC) -> ServiceKeys:
    return ServiceKeys(service, SigningKey(private or PRIVATE[service]), PublicKeys(public))


@pytest.mark.contract("ADR 0032")
def test_an_assertion_is_verified_locally_by_the_service_it_is_for() -> None:
    signed = keys_of("identity").assertion(8, CLAIMS, "notes", "mcp")
    assert keys_of("notes").verify(signed) == {"user_id": 8, **CLAIMS}
    assert keys_of("planner").verify(signed) is None
    assert jwt.decode(signed, options={"verify_signature": False})["azp"] == "mcp"


def forged(**changes: Any) -> str:
    """An assertion for notes that identity's key signed, but for what is changed."""
    at = int(time.time())
    good = {"iss": "identity", "sub": "8", "aud": "notes", "azp": "mcp", "iat": at, "exp": at + 60, **CLAIMS}
    key = SigningKey(changes.pop("key", PRIVATE["identity"]))
    header = {"typ": changes.pop("typ", "assertion+jwt"), "kid": changes.pop("kid", key.id)}
    algorithm = changes.pop("algorithm", "EdDSA")
    signer: Any = {"EdDSA": key._key, "none": "", "HS256": base64.b64decode(key.public)}[algorithm]
    claims = {name: value for name, value in {**good, **changes}.items() if value is not None}
    return jwt.encode(claims, signer, algorithm=algorithm, headers=header)


@pytest.mark.contract("ADR 0032")
def test_forged_foreign_and_expired_assertions_are_refused() -> None:
    notes, at = keys_of("notes"), int(time.time())
    assert notes.verify(forged()) is not None
    identity = SigningKey(PRIVATE["identity"])
    bad: dict[str, dict[str, Any]] = {
        "the planner's signature": {"key": PRIVATE["planner"]},
        "the planner's signature under identity's key id": {"key": PRIVATE["planner"], "kid": identity.id},
        "the planner's own word": {"key": PRIVATE["planner"], "iss": "planner"},
        "no algorithm": {"algorithm": "none"},
        "the public key as a secret": {"algorithm": "HS256"},
        "for another": {"aud": "planner"},
        "for several": {"aud": ["notes", "planner"]},
        "expired": {"iat": at - 100, "exp": at - 40},
        "too long": {"exp": at + 61},
        "for ever": {"exp": None},
        "from the future": {"iat": at + 30, "exp": at + 60},
        "a call": {"typ": "call+jwt"},
        "nobody": {"sub": None},
        "a life that is no number": {"iat": "x"},
    }
    for what, changes in bad.items():
        assert notes.verify(forged(**changes)) is None, what
    assert notes.verify("nonsense") is None


@pytest.mark.contract("ADR 0032")
def test_an_assertion_does_not_say_who_calls() -> None:
    """identity signs both; what it gave to another service must not let that one call as identity."""
    assert keys_of("notes").caller(forged()) is None
    assert keys_of("notes").caller(keys_of("identity").calls.token("notes")) == "identity"
    assert keys_of("notes").caller(keys_of("identity").calls.token("planner")) is None
    assert keys_of("notes").verify(keys_of("identity").calls.token("notes")) is None


@pytest.mark.contract("ADR 0032")
def test_a_key_is_changed_without_a_refusal() -> None:
    """First all know the new public key too, then the service signs with it, then the old one is taken out."""
    fresh = SigningKey.generate()
    both = f"{PUBLIC},planner:{SigningKey(fresh).public}"
    before, reader = keys_of("planner").calls.token("notes"), keys_of("notes", public=both)
    assert reader.caller(before) == "planner"
    after = keys_of("planner", fresh, both).calls.token("notes")
    assert reader.caller(after) == "planner"
    assert keys_of("notes").caller(after) is None


def test_a_token_that_was_verified_is_so_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SigningKey(SigningKey.generate())
    keys = PublicKeys(f"notes:{key.public}")
    token = key.token("call+jwt", "notes", "planner")
    claims = keys.read(token, "call+jwt", "planner")
    assert claims is not None
    verified: list[str] = []
    monkeypatch.setattr(keys, "_verified", lambda *asked: verified.append(asked[0]))
    assert keys.read(token, "call+jwt", "planner") == claims
    assert not verified
    # What differs in anything is looked at anew.
    assert keys.read(token, "call+jwt", "identity") is None
    assert keys.read(token, "assertion+jwt", "planner") is None
    assert keys.read(f"{token}a", "call+jwt", "planner") is None
    assert len(verified) == 3
    monkeypatch.setattr("notechondria_shared.core.keys.time.time", lambda: claims["exp"] + 5.0)
    assert keys.read(token, "call+jwt", "planner") is None
    assert len(verified) == 3
