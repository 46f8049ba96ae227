"""A code by mail is a small secret: it lives shortly, is not guessed, and mails have a limit (decision 44)."""

from __future__ import annotations

import hashlib
import secrets
import socket
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from identity_service.mail.service import masked
from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.clock import shift
from tests.support.direct_identity import DirectIdentity, code_in, direct_with_mail, text_of
from tests.support.replica import another

NEW_PASSWORD = "Better-horse-8"
PER_MINUTE = 1000
"""So many that the limits of a minute are out of the way of those of a day."""


@pytest.fixture
def owner(api: Api) -> User:
    return api.register()


@pytest.fixture(scope="module")
def direct(stack: Stack) -> Iterator[DirectIdentity]:
    """An identity that sends mail and has limits."""
    with direct_with_mail(stack, ACCOUNT_RATE_PER_MINUTE=str(PER_MINUTE)) as running:
        yield running


@pytest.fixture
def network() -> str:
    """An address that no other test comes from."""
    return f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}::1"


def reset_code(owner: User) -> str:
    assert owner.api.post("auth/password-reset/", {"email": owner.email}).status_code == 200
    return owner.api.code_for(owner.email)


def identity_code(owner: User) -> str:
    assert owner.post("auth/send-identity-code/").status_code == 200
    return owner.api.code_for(owner.email)


def change_password(owner: User) -> None:
    body = {"current_password": owner.password, "new_password": NEW_PASSWORD, "identity_code": identity_code(owner)}
    answer = owner.post("auth/change-password/", body)
    assert answer.status_code == 200, answer.text
    owner.token, owner.password = answer.json()["token"], NEW_PASSWORD


def confirm_reset(owner: User, code: str) -> int:
    body = {"email": owner.email, "code": code, "password": "Another-horse-9"}
    return owner.api.post("auth/password-reset/confirm/", body).status_code


@pytest.mark.contract("decision 44", "identity §13")
def test_a_reset_code_does_not_survive_a_change_of_the_password(owner: User) -> None:
    code = reset_code(owner)
    change_password(owner)
    assert confirm_reset(owner, code) == 400


@pytest.mark.contract("decision 44", "identity §13")
def test_a_change_of_address_that_waits_does_not_survive_a_reset(owner: User, api: Api) -> None:
    """A stolen session asked for it; the owner resets the password."""
    new = f"evil-{owner.email}"
    body = {"new_email": new, "identity_code": identity_code(owner)}
    assert owner.post("auth/change-email/", body).status_code == 200
    waiting = api.code_for(new)
    assert confirm_reset(owner, reset_code(owner)) == 200
    signed_in = api.post("auth/login/", {"email": owner.email, "password": "Another-horse-9"})
    owner.token = signed_in.json()["token"]
    assert owner.post("auth/change-email/", {"new_email": new, "code": waiting}).status_code == 400


@pytest.mark.contract("decision 44", "identity §13")
def test_codes_do_not_survive_a_change_of_address(owner: User, api: Api) -> None:
    reset, identity = reset_code(owner), identity_code(owner)
    assert owner.patch("settings/", {"email": f"other-{owner.email}"}).status_code == 200
    assert confirm_reset(owner, reset) == 400
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "identity_code": identity}
    assert owner.post("auth/change-password/", body).status_code == 400
    # Proved in two steps it is a change of the account's address: what waited for another one is void.
    first, second = f"first-{owner.email}", f"second-{owner.email}"
    for new in (first, second):
        assert (
            owner.post("auth/change-email/", {"new_email": new, "identity_code": identity_code(owner)}).status_code
            == 200
        )
    late = api.code_for(first)
    assert owner.post("auth/change-email/", {"new_email": second, "code": api.code_for(second)}).status_code == 200
    assert owner.post("auth/change-email/", {"new_email": first, "code": late}).status_code == 400


@pytest.mark.contract("decision 44", "identity §13")
def test_codes_over_an_account_live_a_quarter_of_an_hour(owner: User, stack: Stack) -> None:
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        for code in (reset_code(owner), identity_code(owner)):
            assert code
        lives = identity.execute(
            "SELECT extract(epoch FROM expires_at - created_at) FROM codes WHERE user_id = %s", (owner.id,)
        ).fetchall()
    assert [round(float(life)) for (life,) in lives] == [900, 900]
    code = reset_code(owner)
    shift(stack, "codes", "expires_at", "16 minutes", "scope = %s", owner.email)
    assert confirm_reset(owner, code) == 400


@pytest.mark.contract("decision 44", "identity §13")
def test_the_mail_says_how_long(direct: DirectIdentity, network: str) -> None:
    name = f"long-{secrets.token_hex(4)}"
    address = f"{name}@example.org"
    answer = direct.call("register", network, username=name, email=address, password=PASSWORD)
    assert answer.status_code == 201
    assert "good for 24 hours" in (text := direct.letter(address))
    assert direct.call("verify-email", network, email=address, code=code_in(text)).status_code == 200
    assert direct.call("password-reset", network, email=address).status_code == 200
    assert "good for 15 minutes" in direct.letter(address)


def wrong_codes(direct: DirectIdentity, owner: User, network: str, tries: int) -> list[int]:
    """Guess reset codes, with a new code after every fifth try."""
    statuses: list[int] = []
    with psycopg.connect(owner.api.stack.database_url("identity"), autocommit=True) as identity:
        for number in range(tries):
            if number % 5 == 0:
                # The caps on mail are another test's.
                identity.execute("DELETE FROM rate_buckets WHERE bucket LIKE 'day:mail:%%'")
                assert direct.call("password-reset", network, email=owner.email).status_code == 200
            answer = direct.call("password-reset/confirm", network, email=owner.email, code="wrong", password=PASSWORD)
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                assert 60 <= int(answer.headers["Retry-After"]) <= 900
    return statuses


@pytest.mark.contract("decision 44", "identity §13")
def test_a_hundred_wrong_codes_a_day_stop_them(direct: DirectIdentity, owner: User, network: str) -> None:
    statuses = wrong_codes(direct, owner, network, 110)
    assert statuses[:100] == [400] * 100
    # A minute's worth of time gives none back: a day holds a hundred.
    assert statuses[101:] == [429] * 9
    # It is the account that is stopped, for whatever its codes are, wherever they are entered.
    assert direct.call("send-identity-code", "192.0.2.200", token=owner.token).status_code == 200
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "identity_code": "wrong"}
    assert direct.call("change-password", "192.0.2.200", token=owner.token, **body).status_code == 429
    # Signing in is not.
    assert direct.sign_in(owner.email, network) == 200


@pytest.mark.contract("decision 44", "identity §13")
def test_a_right_code_is_not_counted(direct: DirectIdentity, owner: User, network: str, stack: Stack) -> None:
    for _ in range(3):
        assert direct.call("password-reset", network, email=owner.email).status_code == 200
        body = {"email": owner.email, "code": code_in(direct.letter(owner.email)), "password": PASSWORD}
        assert direct.call("password-reset/confirm", network, **body).status_code == 200
        eventually(lambda: "was changed" in direct.letter(owner.email), what="the notice")
    bucket = f"day:wrong-code:{hashlib.sha256(f'user {owner.id}'.encode()).hexdigest()[:40]}"
    with psycopg.connect(stack.database_url("identity")) as identity:
        row = identity.execute("SELECT tokens FROM rate_buckets WHERE bucket = %s", (bucket,)).fetchone()
    assert row == (100.0,)


@pytest.mark.contract("decision 44", "identity §13")
def test_nobody_gets_more_than_twenty_mails_a_day(direct: DirectIdentity, owner: User, network: str) -> None:
    statuses = []
    for number in range(25):
        source = f"198.51.100.{number + 1}"  # from wherever they are asked for
        answer = direct.call("password-reset", source, email=owner.email)
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            assert 60 <= int(answer.headers["Retry-After"]) <= 4500
            assert list(answer.json()) == ["detail"]
    assert statuses == [200] * 20 + [429] * 5
    assert len([one for one in direct.mail.letters if one["To"] == owner.email]) == 20
    # The account's own mails are counted with them.
    assert direct.call("send-identity-code", network, token=owner.token).status_code == 429


@pytest.mark.contract("decision 44", "identity §13")
def test_an_address_without_an_account_gets_no_more_either(direct: DirectIdentity) -> None:
    address = f"victim-{secrets.token_hex(4)}@example.org"
    statuses = [
        direct.call(
            "register",
            f"203.0.113.{number + 1}",
            username=f"spam-{secrets.token_hex(4)}",
            email=address,
            password=PASSWORD,
        ).status_code
        for number in range(23)
    ]
    assert statuses == [201] * 20 + [429] * 3
    assert len([one for one in direct.mail.letters if one["To"] == address]) == 20


@pytest.mark.contract("decision 44", "identity §13")
def test_one_network_asks_for_a_hundred_mails_a_day(direct: DirectIdentity, api: Api, network: str) -> None:
    users = [api.register() for _ in range(6)]
    prefix = network.removesuffix("::1")
    statuses = [
        direct.call("password-reset", f"{prefix}::{number + 1:x}", email=users[number % 6].email).status_code
        for number in range(104)
    ]
    assert statuses == [200] * 100 + [429] * 4
    assert direct.call("password-reset", "192.0.2.99", email=users[0].email).status_code == 200


@pytest.mark.contract("decision 44", "identity §13", "identity §8.4", "identity §8.2", "identity §8.5")
def test_the_owner_gets_a_mail_about_every_change(direct: DirectIdentity, api: Api, network: str) -> None:
    owner = api.register()
    assert direct.call("password-reset", network, email=owner.email).status_code == 200
    code = code_in(direct.letter(owner.email))
    reset = direct.call("password-reset/confirm", network, email=owner.email, code=code, password=NEW_PASSWORD)
    assert reset.status_code == 200
    notice = direct.letter(owner.email)
    assert f"password of your account {owner.username} was changed" in notice
    assert "UTC (Web browser)" in notice
    assert "http" not in notice

    token = direct.call("login", network, email=owner.email, password=NEW_PASSWORD).json()["token"]
    assert direct.call("send-identity-code", network, token=token).status_code == 200
    body = {"current_password": NEW_PASSWORD, "new_password": PASSWORD}
    code = code_in(direct.letter(owner.email))
    changed = direct.call("change-password", network, token=token, identity_code=code, **body)
    assert changed.status_code == 200
    assert "password of your account" in direct.letter(owner.email)
    token = changed.json()["token"]

    # A claimed address, and a proved one: the mail goes to the address until now.
    claimed = httpx.patch(
        f"{direct.url}/api/v1/settings/",
        json={"email": f"claimed-{owner.email}"},
        headers={"Authorization": f"Token {token}"},
        trust_env=False,
    )
    assert claimed.status_code == 200
    assert "address of your account" in direct.letter(owner.email)
    assert direct.call("send-identity-code", network, token=token).status_code == 200
    new = f"new-{owner.email}"
    code = code_in(direct.letter(owner.email))
    assert direct.call("change-email", network, token=token, new_email=new, identity_code=code).status_code == 200
    done = direct.call("change-email", network, token=token, new_email=new, code=code_in(direct.letter(new)))
    assert done.status_code == 200
    assert "address of your account" in direct.letter(owner.email)


@pytest.mark.contract("decision 44", "identity §13")
def test_codes_that_were_used_up_do_not_silence_the_notices(direct: DirectIdentity, api: Api, network: str) -> None:
    owner = api.register()
    assert direct.call("password-reset", network, email=owner.email).status_code == 200
    code = code_in(direct.letter(owner.email))
    for _ in range(19):
        assert direct.call("send-identity-code", network, token=owner.token).status_code == 200
    assert direct.call("send-identity-code", network, token=owner.token).status_code == 429
    done = direct.call("password-reset/confirm", network, email=owner.email, code=code, password=NEW_PASSWORD)
    assert done.status_code == 200
    eventually(
        lambda: any("was changed" in text_of(one) for one in direct.mail.letters if one["To"] == owner.email),
        what="the notice",
    )


@pytest.mark.contract("decision 44", "identity §13")
def test_a_mail_server_that_hangs_does_not_hold_the_change(api: Api, stack: Stack) -> None:
    """The notice comes after the answer, and its failure is nobody's."""
    owner = api.register()
    code = reset_code(owner)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = str(silent.getsockname()[1])
        with another(stack, "identity", SMTP_HOST="127.0.0.1", SMTP_PORT=port, SMTP_TIMEOUT_SECONDS="20") as url:
            began = time.monotonic()
            body = {"email": owner.email, "code": code, "password": NEW_PASSWORD}
            assert DirectIdentity(url).call("password-reset/confirm", "192.0.2.7", **body).status_code == 200
            assert time.monotonic() - began < 15


@pytest.mark.contract("decision 44", "identity §13")
def test_where_mail_is_configured_no_code_is_logged(api: Api, stack: Stack) -> None:
    owner = api.register()
    folder = stack.log("identity").parent
    before = set(folder.glob("identity-*.log"))
    with another(stack, "identity", SMTP_HOST="127.0.0.1", SMTP_PORT="9", SMTP_TIMEOUT_SECONDS="2") as url:
        asked = DirectIdentity(url).call("password-reset", "192.0.2.7", email=owner.email)
        assert (asked.status_code, asked.json()["delivery_fallback"]) == (200, True)
    (log,) = set(folder.glob("identity-*.log")) - before
    assert owner.email not in log.read_text()
    (line,) = [line for line in log.read_text().splitlines() if masked(owner.email) in line]
    assert "reason=smtp_send_failed:" in line
    assert "code" not in line
