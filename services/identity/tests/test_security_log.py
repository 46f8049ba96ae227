"""The security log of an account, and the mails about what matters in it: each once."""

from __future__ import annotations

import hashlib
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

import httpx
import psycopg
import pytest
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.direct_identity import DirectIdentity, direct_with_mail, text_of
from tests.support.people import Person, add_authenticator, confirm
from tests.support.replica import another

from identity_service.common_passwords.service import problem_of
from identity_service.security_log.service import KINDS, REFUSALS_A_DAY
from identity_service.sessions.devices import masked_network
from notechondria_launcher.stack import Stack

LINUX, WINDOWS = "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0"


@dataclass
class Mailed:
    """An identity that sends mail, and the pages before it."""

    identity: DirectIdentity
    web: str

    def subjects(self, user: User) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters(user)]

    def letters(self, user: User) -> list[Message]:
        return [letter for letter in self.identity.mail.letters if letter["To"] == user.email]

    def request(self, user: User, method: str, path: str, **body: Any) -> httpx.Response:
        """A call of an app, on the same kind of device as the account was made on."""
        headers = {"User-Agent": f"python-httpx/{httpx.__version__}", **user.headers}
        url = f"{self.identity.url}/api/v1/{path}"
        return httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=30)

    def settled(self, user: User, expected: list[str]) -> None:
        """So many letters and no more came."""
        eventually(lambda: len(self.subjects(user)) >= len(expected), what=f"letters {expected}")
        time.sleep(0.3)  # one that is too many would come at the same time
        assert self.subjects(user) == expected


@pytest.fixture(scope="module")
def mailed(stack: Stack) -> Iterator[Mailed]:
    with direct_with_mail(stack) as identity, another(stack, "web", IDENTITY_URL=identity.url) as web:
        yield Mailed(identity, web)


def log_of(stack: Stack, user: User) -> list[tuple[str, str, str]]:
    """Kind, method and detail, the oldest first."""
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        return identity.execute(
            "SELECT kind, method, detail FROM security_events WHERE user_id = %s ORDER BY id", [user.id]
        ).fetchall()


def kinds(stack: Stack, user: User) -> list[str]:
    return [kind for kind, _, _ in log_of(stack, user)]


def login(mailed: Mailed, user: User, agent: str, password: str = PASSWORD) -> int:
    headers = {"User-Agent": agent, "X-Forwarded-For": "203.0.113.77"}
    body = {"email": user.email, "password": password}
    url = f"{mailed.identity.url}/api/v1/auth/login/"
    return httpx.post(url, json=body, headers=headers, trust_env=False, timeout=30).status_code


def test_a_new_device_is_mailed_once(api: Api, stack: Stack, mailed: Mailed) -> None:
    user = api.register()
    assert log_of(stack, user) == [("signed_in", "mailed code", "")]
    assert login(mailed, user, LINUX) == 200
    mailed.settled(user, ["A new device signed in to Notechondria"])
    text = text_of(mailed.letters(user)[0])
    assert user.username in text
    assert "(Linux)" in text
    assert "http" not in text
    assert login(mailed, user, LINUX.replace("120.0", "121.4")) == 200
    assert login(mailed, user, WINDOWS) == 200
    mailed.settled(user, ["A new device signed in to Notechondria"] * 2)
    assert log_of(stack, user)[1:] == [
        ("signed_in", "password", "new device"),
        ("signed_in", "password", ""),
        ("signed_in", "password", "new device"),
    ]


def test_refused_sign_ins_are_in_the_log_and_bounded(api: Api, stack: Stack, mailed: Mailed) -> None:
    user = api.register()
    assert login(mailed, user, LINUX, "Wrong-horse-7") == 400
    assert log_of(stack, user)[1:] == [("sign_in_refused", "password", "")]
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        (network,) = identity.execute(
            "SELECT network FROM security_events WHERE user_id = %s ORDER BY id DESC", [user.id]
        ).fetchone() or ("",)
        assert network == "203.0.113.*"
        bucket = f"day:refusals-logged:{user.id}"
        changed = identity.execute("UPDATE rate_buckets SET tokens = 0 WHERE bucket = %s", [bucket])
        assert changed.rowcount == 1
    assert login(mailed, user, LINUX, "Wrong-horse-7") == 400
    assert kinds(stack, user) == ["signed_in", "sign_in_refused"]
    assert REFUSALS_A_DAY == 100


def test_what_changes_the_account_is_in_the_log_and_mailed(api: Api, stack: Stack, mailed: Mailed) -> None:
    user = api.register()
    assert mailed.request(user, "POST", "auth/rotate-api-key/").status_code == 200
    key = mailed.request(user, "POST", "auth/api-keys/", name="backup", scopes=["read"]).json()
    assert mailed.request(user, "DELETE", f"auth/api-keys/{key['id']}/").status_code == 204
    assert mailed.request(user, "GET", "auth/account/export/").status_code == 200
    made = "A new key of your Notechondria account"
    mailed.settled(user, [made, made])
    assert log_of(stack, user)[1:] == [
        ("key_made", "", "rotated key"),
        ("key_made", "", "backup"),
        ("key_revoked", "", ""),
        ("exported", "", ""),
    ]
    other = api.register()
    mailed.identity.call("password-reset", "203.0.113.5", email=other.email)
    code = text_of(mailed.letters(other)[0]).partition("Code: ")[2][:6]
    answer = mailed.identity.call(
        "password-reset/confirm", "203.0.113.5", email=other.email, code=code, password="Better-horse-8"
    )
    assert answer.status_code == 200
    mailed.settled(other, ["Reset your Notechondria password", "Your Notechondria password was changed"])
    assert log_of(stack, other)[1:] == [("password_changed", "mailed code", "")]


def test_factors_and_app_passwords_are_mailed_unless_only_new_devices_are_chosen(
    api: Api, stack: Stack, mailed: Mailed
) -> None:
    user = api.register()
    changed = "The second factor of your Notechondria account was changed"
    with Person(api, mailed.web) as person:
        assert person.sign_in(user.username).status_code == 303
        device = "A new device signed in to Notechondria"
        mailed.settled(user, [device])
        confirm(person)
        add_authenticator(person)
        mailed.settled(user, [device, changed])
        person.post("security/app-passwords/", csrf=person.csrf(), name="Old")
        letters = [device, changed, "A new key of your Notechondria account"]
        mailed.settled(user, letters)
        done = person.post("security/mails/", csrf=person.csrf(), new_devices_only="yes")
        assert done.status_code == 303
        assert "checked" in person.get("security/").text
        person.post("security/authenticator/remove/", csrf=person.csrf())
        mailed.settled(user, letters)
        add_authenticator(person)
    assert kinds(stack, user)[1:] == [
        "signed_in",
        "factor_added",
        "app_password_made",
        "notices_changed",
        "factor_removed",
        "factor_added",
    ]


def test_the_log_is_shown_to_its_owner_in_pages(api: Api, stack: Stack) -> None:
    user, stranger = api.register(), api.register()
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity, Person(api) as person:
        for kind in KINDS:
            identity.execute(
                "INSERT INTO security_events (user_id, kind, method, detail, device_label, network, at) SELECT %s, %s,"
                " '', '<b>x</b>', 'Mac', '198.51.100.*', now() - make_interval(secs => n)"
                " FROM generate_series(1, 4) n",
                [user.id, kind],
            )
        person.sign_in(user.username)
        first = person.get("log/")
        assert first.status_code == 200
        assert first.text.count("<time") == 50
        assert "<b>x</b>" not in first.text
        (older,) = re.findall(r'href="(/account/log/[^"]+)" rel="next"', first.text)
        second = person.get(older)
        assert second.text.count("<time") == 4 * len(KINDS) + 2 - 50
        assert person.get("log/", before="nonsense").status_code == 200
        assert person.get("log/", before="9" * 40).status_code == 200
    with Person(api) as other:
        other.sign_in(stranger.username)
        assert "198.51.100" not in other.get("log/").text


def test_an_export_has_the_log_and_no_secret(api: Api, stack: Stack) -> None:
    user = api.register()
    with Person(api) as person:
        person.sign_in(user.username)
        confirm(person)
        secret, codes = add_authenticator(person)
        made = person.post("security/app-passwords/", csrf=person.csrf(), name="Old")
        (password,) = re.findall(r'<p class="secret card">([a-z0-9-]{24})</p>', made.text)
    archive = zipfile.ZipFile(io.BytesIO(user.get("auth/account/export/").content))
    account = json.loads(archive.read("account.json"))
    assert [event["kind"] for event in account["security_log"]] == kinds(stack, user)
    assert account["security_log"][-1]["kind"] == "exported"
    assert account["authenticator"]["created_at"]
    assert len(account["recovery_codes"]) == 10
    assert [one["name"] for one in account["app_passwords"]] == ["Old"]
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode("latin-1")
    for hidden in (secret, password, password.replace("-", ""), *codes):
        assert hidden not in everything
        assert hashlib.sha256(hidden.encode()).hexdigest() not in everything


def test_a_deleted_account_leaves_nothing_of_it(api: Api, stack: Stack) -> None:
    user = api.register()
    tables = (
        "app_codes",
        "authenticators",
        "recovery_codes",
        "app_passwords",
        "tickets",
        "security_events",
        "sessions",
    )
    with Person(api) as person:
        person.sign_in(user.username)
        confirm(person)
        add_authenticator(person)
        person.post("security/app-passwords/", csrf=person.csrf(), name="Old")
        person.post("security/authenticator/", csrf=person.csrf())
        person.get("apps/", redirect_uri="http://localhost:5173/")
        with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:

            def rows(table: str) -> int:
                query = f"SELECT count(*) FROM {table} WHERE user_id = %s"
                return int((identity.execute(query, [user.id]).fetchone() or (0,))[0])

            assert all(rows(table) for table in tables)
            body = {"password": PASSWORD}
            assert user.request("DELETE", "auth/account/", json=body).status_code == 204
            assert not [table for table in tables if rows(table)]
        assert not person.signed_in()


@pytest.mark.parametrize(
    ("password", "names", "refused"),
    [
        ("Password1", (), True),
        ("PASSWORD", (), True),
        ("Qwertyuiop9", (), True),
        ("Trustno1", (), True),
        ("Miranda-Lake7", ("miranda-lake",), True),
        ("Miranda-Lake-over-water7", ("miranda-lake",), False),
        ("Sam.rivers@x1", ("sam", "sam.rivers@example.org"), True),
        ("Correct-horse-7", ("user1", "user1@example.org"), False),
    ],
)
def test_passwords_that_are_guessed_first(password: str, names: tuple[str, ...], *, refused: bool) -> None:
    assert (problem_of(password, *names) is not None) is refused


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.77", "203.0.113.*"),
        ("2001:db8:17:4:5:6:7:8", "2001:db8:17:*"),
        ("::ffff:203.0.113.77", "203.0.113.*"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_addresses_are_shown_without_their_last_part(address: str, shown: str) -> None:
    assert masked_network(address) == shown
