"""Nobody prepares the account of somebody else by claiming their address (decision 43)."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.provider import Person, Provider

NEW_PASSWORD = "Better-horse-8"
BOTH = pytest.mark.parametrize("name", ["google", "github"])


@pytest.fixture
def attacker(api: Api) -> User:
    return api.register()


@pytest.fixture
def address() -> str:
    return f"owner-{secrets.token_hex(4)}@example.org"


def claim(user: User, address: str) -> None:
    answer = user.patch("settings/", {"email": address})
    assert (answer.status_code, answer.json()["email"]) == (200, address), answer.text


def provider_sign_in(api: Api, provider: Provider, name: str, address: str) -> Any:
    person = Person(email=address, login=address.partition("@")[0])
    return api.post(f"auth/{name}/", {"code": provider.add(person)})


def prove(user: User, address: str) -> Any:
    """Change the address in the two steps of identity §8.5."""
    assert user.post("auth/send-identity-code/").status_code == 200
    body = {"new_email": address, "identity_code": user.api.code_for(user.email)}
    first = user.post("auth/change-email/", body)
    if first.status_code != 200:
        return first
    return user.post("auth/change-email/", {"new_email": address, "code": user.api.code_for(address)})


@pytest.mark.contract("decision 43")
@BOTH
def test_the_owner_does_not_land_in_an_account_that_claims_the_address(
    api: Api, provider: Provider, attacker: User, address: str, name: str
) -> None:
    claim(attacker, address)
    body = provider_sign_in(api, provider, name, address).json()
    assert body["user"]["id"] != attacker.id
    assert body["user"]["email"] == address
    # The claim is gone, and the account is back at the address that its holder proved.
    assert attacker.get("settings/").json()["email"] == attacker.email


@pytest.mark.contract("decision 43")
def test_a_claim_signs_nobody_in_and_the_name_still_does(api: Api, attacker: User, address: str) -> None:
    claim(attacker, address)
    for name, status in ((address, 400), (attacker.email, 200), (attacker.username, 200)):
        assert api.post("auth/login/", {"email": name, "password": PASSWORD}).status_code == status, name


@pytest.mark.contract("decision 43")
def test_a_claim_gets_no_reset_mail(api: Api, attacker: User, address: str) -> None:
    claim(attacker, address)
    refused = api.post("auth/password-reset/", {"email": address})
    assert (refused.status_code, list(refused.json())) == (400, ["email"])
    assert api.post("auth/password-reset/", {"email": attacker.email}).status_code == 200


@pytest.mark.contract("decision 43")
def test_a_claim_is_not_in_the_way_of_a_registration(api: Api, attacker: User, address: str) -> None:
    claim(attacker, address)
    name = f"owner-{secrets.token_hex(4)}"
    body = {"username": name, "email": address, "password": PASSWORD}
    assert api.post("auth/register/", body).status_code == 201
    opened = api.post("auth/verify-email/", {"email": address, "code": api.code_for(address)})
    assert (opened.status_code, opened.json()["user"]["username"]) == (200, name)
    assert attacker.get("settings/").json()["email"] == attacker.email
    assert api.post("auth/login/", {"email": address, "password": PASSWORD}).json()["user"]["username"] == name


@pytest.mark.contract("decision 43")
def test_a_claim_is_not_in_the_way_of_a_change_or_another_claim(api: Api, attacker: User, address: str) -> None:
    owner, third = api.register(), api.register()
    claim(attacker, address)
    claim(third, address)
    done = prove(owner, address)
    assert (done.status_code, done.json()["email"]) == (200, address), done.text
    for other in (attacker, third):
        assert other.get("settings/").json()["email"] == other.email
    # It is taken from now on, whoever asks for it and however.
    assert list(attacker.patch("settings/", {"email": address.upper()}).json()) == ["email"]
    assert list(prove(attacker, address).json()) == ["new_email"]
    body = {"username": f"late-{secrets.token_hex(4)}", "email": address, "password": PASSWORD}
    assert list(api.post("auth/register/", body).json()) == ["email"]


@pytest.mark.contract("decision 43")
def test_the_proved_address_stays_the_owners_while_another_is_claimed(api: Api, address: str) -> None:
    owner, attacker = api.register(), api.register()
    claim(owner, address)
    assert list(attacker.patch("settings/", {"email": owner.email}).json()) == ["email"]
    assert list(prove(attacker, owner.email).json()) == ["new_email"]


@pytest.mark.contract("decision 43")
def test_a_stolen_session_does_not_bring_the_codes_to_a_claimed_address(api: Api, address: str) -> None:
    owner = api.register()
    claim(owner, address)
    masked = owner.post("auth/send-identity-code/").json()["masked_email"]
    assert masked == f"{owner.email[0]}***@example.org"
    api.code_for(owner.email)
    with pytest.raises(pytest.fail.Exception):
        api.code_for(address)


@pytest.mark.contract("decision 43")
def test_a_reset_forgets_what_somebody_claimed_for_the_account(api: Api, address: str) -> None:
    owner = api.register()
    claim(owner, address)
    assert api.post("auth/password-reset/", {"email": owner.email}).status_code == 200
    body = {"email": owner.email, "code": api.code_for(owner.email), "password": NEW_PASSWORD}
    assert api.post("auth/password-reset/confirm/", body).status_code == 200
    signed_in = api.post("auth/login/", {"email": owner.email, "password": NEW_PASSWORD})
    assert (signed_in.status_code, signed_in.json()["user"]["email"]) == (200, owner.email)


@pytest.mark.contract("decision 43")
def test_deleting_an_account_leaves_the_codes_of_a_claimed_address_alone(
    api: Api, attacker: User, address: str
) -> None:
    body = {"username": f"owner-{secrets.token_hex(4)}", "email": address, "password": PASSWORD}
    assert api.post("auth/register/", body).status_code == 201
    claim(attacker, address)
    assert attacker.delete("auth/account/", json={"password": PASSWORD}).status_code == 204
    given = {"email": address, "code": api.code_for(address)}
    assert api.post("auth/verify-email/", given).status_code == 200


@pytest.mark.contract("decision 43")
def test_a_claim_lapses_after_a_week(api: Api, stack: Stack, attacker: User, address: str) -> None:
    young = api.register()
    claim(attacker, address)
    claim(young, f"young-{address}")
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        for user, days in ((attacker, 7.1), (young, 6.9)):
            identity.execute(
                "UPDATE users SET email_claimed_at = now() - make_interval(secs => %s) WHERE id = %s",
                (days * 86_400, user.id),
            )
    stack.restart_part("identity")  # a round is made at the start, and every hour
    eventually(lambda: attacker.get("settings/").json()["email"] == attacker.email, what="the claim lapses")
    assert young.get("settings/").json()["email"] == f"young-{address}"
