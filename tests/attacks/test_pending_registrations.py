"""Nobody takes over a registration that waits for its code: several of one address live side by side (decision 45)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, eventually
from tests.support.direct_identity import DirectIdentity, code_in, direct_with_mail
from tests.support.provider import Person, Provider

EVIL_PASSWORD = "Evil-horse-666"
OWNER, STRANGER, ELSEWHERE = "192.0.2.10", "198.51.100.66", "203.0.113.7"


@pytest.fixture(scope="module")
def direct(stack: Stack) -> Iterator[DirectIdentity]:
    with direct_with_mail(stack) as running:
        yield running


@pytest.fixture
def wanted() -> tuple[str, str]:
    """Address and user name of the owner."""
    name = f"owner-{secrets.token_hex(4)}"
    return f"{name}@example.org", name


def signs_in(direct: DirectIdentity, name: str, password: str) -> bool:
    return direct.call("login", ELSEWHERE, email=name, password=password).status_code == 200


@pytest.mark.contract("decision 45", "identity §7.1", "identity §7.3")
def test_a_later_registration_does_not_change_the_first(direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    address, name = wanted
    code = direct.register(address, name, PASSWORD, OWNER)
    direct.register(address, f"evil-{name}", EVIL_PASSWORD, STRANGER)
    opened = direct.call("verify-email", OWNER, email=address, code=code)
    assert (opened.status_code, opened.json()["user"]["username"]) == (200, name)
    assert signs_in(direct, address, PASSWORD)
    assert not signs_in(direct, address, EVIL_PASSWORD)
    assert not signs_in(direct, f"evil-{name}", EVIL_PASSWORD)


@pytest.mark.contract("decision 45", "identity §13")
def test_the_mail_names_the_account_that_its_code_opens(direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    address, name = wanted
    for chosen in (name, f"evil-{name}"):
        body = {"username": chosen, "email": address, "password": PASSWORD}
        assert direct.call("register", OWNER, **body).status_code == 201
        assert f"User name: {chosen}\n" in direct.letter(address)


@pytest.mark.contract("decision 45")
def test_the_first_proven_one_ends_the_others(direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    address, name = wanted
    codes = [direct.register(address, f"{name}-{number}", PASSWORD, OWNER) for number in range(3)]
    assert direct.call("verify-email", OWNER, email=address, code=codes[1]).status_code == 200
    for code in (codes[0], codes[2]):
        assert direct.call("verify-email", OWNER, email=address, code=code).status_code == 400
    assert list(direct.call("resend-verification", OWNER, email=address).json()) == ["email"]


@pytest.mark.contract("decision 45")
def test_a_strangers_password_under_the_same_name_is_void(direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    """The two letters look the same; the owner takes the newer one."""
    address, name = wanted
    direct.register(address, name, PASSWORD, OWNER)
    newer = direct.register(address, name, EVIL_PASSWORD, STRANGER)
    opened = direct.call("verify-email", OWNER, email=address, code=newer)
    assert (opened.status_code, opened.json()["user"]["username"]) == (200, name)
    assert not signs_in(direct, name, EVIL_PASSWORD)
    # The account has no password until its owner sets one.
    assert direct.call("password-reset", OWNER, email=address).status_code == 200
    reset = code_in(direct.letter(address))
    done = direct.call("password-reset/confirm", OWNER, email=address, code=reset, password=PASSWORD)
    assert done.status_code == 200
    assert signs_in(direct, name, PASSWORD)


@pytest.mark.contract("decision 45")
def test_crowding_the_owner_out_does_not_help(direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    address, name = wanted
    own = direct.register(address, name, PASSWORD, OWNER)
    for number in range(7):
        newest = direct.register(address, f"{name}-{number}", EVIL_PASSWORD, STRANGER)
    # The stranger's own registrations make room for each other.
    assert direct.call("verify-email", OWNER, email=address, code=own).status_code == 200
    assert direct.call("verify-email", OWNER, email=address, code=newest).status_code == 400
    assert signs_in(direct, name, PASSWORD)


@pytest.mark.contract("decision 45")
def test_at_most_five_wait_and_the_oldest_goes(direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    address, name = wanted
    codes = [direct.register(address, f"{name}-{number}", PASSWORD, f"192.0.2.{number + 20}") for number in range(6)]
    assert direct.call("verify-email", OWNER, email=address, code=codes[0]).status_code == 400
    assert direct.call("verify-email", "192.0.2.21", email=address, code=codes[1]).status_code == 200


@pytest.mark.contract("decision 45")
def test_a_wrong_try_counts_on_all(direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    address, name = wanted
    codes = [direct.register(address, f"{name}-{number}", PASSWORD, OWNER) for number in range(4)]
    for _ in range(5):
        assert direct.call("verify-email", STRANGER, email=address, code="wrong").status_code == 400
    for code in codes:
        assert direct.call("verify-email", OWNER, email=address, code=code).status_code == 400


@pytest.mark.contract("decision 45")
def test_a_resend_renews_the_callers_own(direct: DirectIdentity, stack: Stack, wanted: tuple[str, str]) -> None:
    address, name = wanted
    direct.register(address, name, PASSWORD, OWNER)
    direct.register(address, f"evil-{name}", EVIL_PASSWORD, STRANGER)
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE codes SET created_at = created_at - interval '61 s' WHERE scope = %s", (address,))
    assert direct.call("resend-verification", OWNER, email=address).status_code == 200
    text = direct.letter(address)
    assert f"User name: {name}\n" in text
    opened = direct.call("verify-email", OWNER, email=address, code=code_in(text))
    assert opened.json()["user"]["username"] == name
    assert signs_in(direct, name, PASSWORD)


@pytest.mark.contract("decision 45")
def test_a_name_that_was_taken_meanwhile_is_said(api: Api, direct: DirectIdentity, wanted: tuple[str, str]) -> None:
    address, name = wanted
    code = direct.register(address, name, PASSWORD, OWNER)
    # Registrations of other addresses wait for the name to be free; an account that renames itself does not.
    clash = direct.call("register", STRANGER, username=name.upper(), email=f"other-{address}", password=PASSWORD)
    assert (clash.status_code, list(clash.json())) == (400, ["username"])
    assert api.register().patch("settings/", {"username": name.upper()}).status_code == 200
    late = direct.call("verify-email", OWNER, email=address, code=code)
    assert (late.status_code, list(late.json())) == (400, ["username"])
    # The address is still to be had, under another name.
    code = direct.register(address, f"{name}-2", PASSWORD, OWNER)
    assert direct.call("verify-email", OWNER, email=address, code=code).status_code == 200


@pytest.mark.contract("decision 45")
def test_nothing_of_a_registration_is_an_account(direct: DirectIdentity, stack: Stack, wanted: tuple[str, str]) -> None:
    address, name = wanted
    direct.register(address, name, PASSWORD, STRANGER)
    assert not signs_in(direct, name, PASSWORD)
    assert direct.call("password-reset", STRANGER, email=address).status_code == 400
    with psycopg.connect(stack.database_url("identity")) as identity:
        row = identity.execute("SELECT count(*) FROM users WHERE username = %s", (name,)).fetchone()
    assert row == (0,)


@pytest.mark.contract("decision 45", "decision 25", "identity §10.3")
def test_whoever_comes_by_a_provider_ends_all_registrations(
    api: Api, direct: DirectIdentity, provider: Provider, wanted: tuple[str, str]
) -> None:
    address, name = wanted
    code = direct.register(address, f"evil-{name}", EVIL_PASSWORD, STRANGER)
    body: dict[str, Any] = api.post("auth/google/", {"code": provider.add(Person(email=address))}).json()
    assert body["user"]["email"] == address
    assert direct.call("verify-email", STRANGER, email=address, code=code).status_code == 400
    assert not signs_in(direct, address, EVIL_PASSWORD)
    assert not signs_in(direct, body["user"]["username"], EVIL_PASSWORD)


@pytest.mark.contract("decision 45", "identity §7.3")
def test_an_account_of_the_monolith_that_waits_for_its_code_opens_with_one(api: Api, stack: Stack) -> None:
    """It becomes a registration, and gets an id of its own."""
    name = f"old-{secrets.token_hex(4)}"
    email = f"{name}@example.org"
    user = api.register()
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "INSERT INTO users (username, email, password_hash, status, is_staff, is_superuser, first_name, last_name,"
            " motto, social_link, image_path, editor_mode, theme_preset, theme_mode, api_base_url, mcp_skill_md,"
            " app_settings, date_joined, revision) SELECT %s, %s, password_hash, 'pending', false, false, '', '', '',"
            " '', '', 'P', 'teal', 'S', '', '', '{}', now(), 1 FROM users WHERE id = %s",
            (name, email, user.id),
        )
    assert api.post("auth/resend-verification/", {"email": email}).status_code == 200
    opened = api.post("auth/verify-email/", {"email": email, "code": api.code_for(email)})
    assert (opened.status_code, opened.json()["user"]["username"]) == (200, name)
    assert api.post("auth/login/", {"email": email, "password": PASSWORD}).status_code == 200
    token = {"Authorization": f"Token {opened.json()['token']}"}
    eventually(lambda: api.get("courses/", headers=token).json(), what="the inbox")
