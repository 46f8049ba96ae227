"""Signing up, a forgotten password and providers on the site, over plain HTTP."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pyotp
import pytest
from tests.support.client import PASSWORD, Api, User
from tests.support.people import Person, add_authenticator, confirm, public_url
from tests.support.provider import GITHUB_CLIENT, GOOGLE_CLIENT, Provider
from tests.support.provider import Person as Somebody
from tests.support.replica import another

from notechondria_launcher.stack import Stack

BOTH = pytest.mark.parametrize("name", ["google", "github"])


def alerts(answer: httpx.Response) -> list[str]:
    return re.findall(r'role="alert">([^<]+)<', answer.text)


def sign_up(person: Person, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    fields = {"username": name, "email": f"{name}@example.org", "password": password, **more}
    return person.submit("sign-up/", fields)


@pytest.fixture
def name() -> str:
    return f"mira{secrets.token_hex(3)}"


@pytest.mark.contract("identity §7.1", "identity §7.3")
def test_a_new_person_signs_up_and_is_led_on(api: Api, name: str) -> None:
    with Person(api) as person:
        shown = person.get("sign-up/", next="/oauth/authorize?client_id=x").text
        fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        asked = person.post("sign-up/", **person.hidden(shown), **fields)
        assert asked.status_code == 200
        assert PASSWORD not in asked.text
        wrong = person.post("verify/", **person.hidden(asked.text), code="000000")
        assert wrong.status_code == 400
        assert alerts(wrong) == ["Verification refused: the code is wrong, expired or already used."]
        code = api.code_for(f"{name}@example.org")
        done = person.post("verify/", **person.hidden(wrong.text), code=code)
        assert done.status_code == 303
        assert done.headers["location"] == "/oauth/authorize?client_id=x"
        assert name in person.get("").text
    assert api.post("auth/login/", {"email": name, "password": PASSWORD}).status_code == 200


@pytest.mark.contract("identity §7.1")
def test_what_is_refused_stands_beside_its_field(api: Api, name: str) -> None:
    taken = api.register()
    with Person(api) as person:
        answer = person.submit("sign-up/", {"username": taken.username, "email": "no address", "password": "short"})
        assert answer.status_code == 400
        for field in ("username", "email", "password"):
            assert f'id="{field}-problem-1"' in answer.text
            assert f'aria-describedby="{field}-problem-1"' in answer.text
        assert "Backend." not in answer.text
        assert f'value="{taken.username}"' in answer.text
        for password in ("Password1", "Iloveyou1", "Baseball2!", f"{name.capitalize()}1", f"X{name}-9"):
            refused = sign_up(person, name, password)
            assert refused.status_code == 400, password
            assert "This password is" in alerts(refused)[0]
        assert sign_up(person, name).status_code == 200


@pytest.mark.contract("identity §7.4")
def test_a_new_code_is_mailed_after_a_minute(api: Api, name: str, stack: Stack) -> None:
    with Person(api) as person:
        asked = sign_up(person, name)
        early = person.post("verify/again/", **person.hidden(asked.text, "/account/verify/again/"))
        assert alerts(early) == ["Code not sent: the last code is less than a minute old."]
        first = api.code_for(f"{name}@example.org")
        with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
            identity.execute(
                "UPDATE codes SET created_at = created_at - interval '2 minutes' WHERE scope = %s",
                [f"{name}@example.org"],
            )
        again = person.post("verify/again/", **person.hidden(early.text, "/account/verify/again/"))
        assert again.status_code == 200
        second = api.code_for(f"{name}@example.org")
        assert first != second
        assert person.post("verify/", **person.hidden(again.text), code=second).status_code == 303


@pytest.mark.contract("identity §7.2", "identity §13")
def test_an_invitation_is_asked_for_where_one_is_needed(api: Api, name: str, stack: Stack) -> None:
    code = secrets.token_hex(6)
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity, Person(api) as person:
        assert "Invitation code" not in person.get("sign-up/").text
        identity.execute(
            "INSERT INTO invitations (digest, label, max_uses, times_used, created_at)"
            " VALUES (encode(sha256(%s::bytea), 'hex'), '', 1, 0, now())",
            [code],
        )
        try:
            assert "Invitation code" in person.get("sign-up/").text
            assert alerts(sign_up(person, name, invitation_code="wrong"))
            assert sign_up(person, name, invitation_code=code).status_code == 200
        finally:
            identity.execute("DELETE FROM invitations")


@pytest.mark.contract("identity §8.1", "identity §8.2")
def test_a_forgotten_password_is_set_anew(api: Api) -> None:
    user = api.register()
    with Person(api) as person, Person(api) as elsewhere, Person(api) as stranger:
        elsewhere.sign_in(user.username)
        asked = person.submit("forgotten/", {"email": user.email})
        nobody = stranger.submit("forgotten/", {"email": f"x{user.email}"})
        assert asked.status_code == nobody.status_code == 200
        assert asked.text.count("a code is on its way") == nobody.text.count("a code is on its way") == 1
        common = person.post("reset/", **person.hidden(asked.text), code="000000", password="Password1")
        assert "most common" in alerts(common)[0]
        wrong = person.post("reset/", **person.hidden(common.text), code="000000", password="Better-horse-8")
        assert wrong.status_code == 400
        code = api.code_for(user.email)
        done = person.post("reset/", **person.hidden(wrong.text), code=code, password="Better-horse-8")
        assert done.headers["location"] == "/account/sign-in/"
        assert "The password is set." in person.get("sign-in/").text
        assert not person.signed_in()
        assert not elsewhere.signed_in()
        assert person.sign_in(user.username).status_code == 400
        assert person.sign_in(user.username, "Better-horse-8").status_code == 303


@pytest.fixture(scope="module")
def offering(stack: Stack, provider: Provider) -> Iterator[str]:
    """A further web whose identity has the site's callbacks registered; its base URL."""
    base = public_url(stack)
    settings = {
        "GOOGLE_AUTHORIZED_REDIRECT_URIS": f"https://app.example/google,{base}/account/google/callback/",
        "GITHUB_AUTHORIZED_REDIRECT_URI": f"{base}/auth/github/callback",
        "GOOGLE_AUTHORIZE_URL": f"{provider.url}/google/authorize",
        "GITHUB_AUTHORIZE_URL": f"{provider.url}/github/authorize",
    }
    with another(stack, "identity", **settings) as identity, another(stack, "web", IDENTITY_URL=identity) as web:
        yield web


def begin(person: Person, base: str, name: str, page: str = "sign-in") -> dict[str, str]:
    """Press the provider's button; what the provider is asked, by name."""
    shown = person.http.get(f"{base}/account/{page}/?next=/account/devices/")
    fields = person.hidden(shown.text, f"/account/{name}/begin/")
    answer = person.http.post(f"{base}/account/{name}/begin/", data=fields)
    assert answer.status_code == 303
    policy = shown.headers["content-security-policy"]
    target = urlsplit(answer.headers["location"])
    assert f"form-action 'self' {target.scheme}://{target.netloc}" in policy
    return {key: values[0] for key, values in parse_qs(target.query).items()}


def test_providers_are_offered_only_where_the_site_is_registered(api: Api, offering: str) -> None:
    with Person(api) as person:
        assert "/begin/" not in person.get("sign-in/").text
        assert person.http.get(f"{offering}/account/sign-in/").text.count("/begin/") == 2


@BOTH
@pytest.mark.contract("identity §10.3")
def test_a_person_signs_up_and_in_with_a_provider(
    api: Api, offering: str, provider: Provider, name: str, stack: Stack
) -> None:
    login = f"ada-{secrets.token_hex(3)}"
    somebody = Somebody(email=f"{login}@example.org", login=login, name="Ada")
    with Person(api) as person:
        asked = begin(person, offering, name)
        assert asked["client_id"] == {"google": GOOGLE_CLIENT, "github": GITHUB_CLIENT}[name]
        path = "/account/google/callback/" if name == "google" else "/auth/github/callback"
        assert asked["redirect_uri"] == public_url(stack) + path
        unknown = come_back(person, offering, asked, provider.add(somebody))
        assert unknown.headers["location"].startswith("/account/sign-up/")
        assert "Sign up first" in person.get(unknown.headers["location"]).text
        asked = begin(person, offering, name, "sign-up")
        done = come_back(person, offering, asked, provider.add(somebody))
        assert done.headers["location"] == "/account/devices/"
        assert somebody.sent["redirect_uri"] == asked["redirect_uri"]
        assert login in person.get("").text
    with Person(api) as person:
        asked = begin(person, offering, name)
        assert come_back(person, offering, asked, provider.add(somebody)).headers["location"] == "/account/devices/"
        assert person.signed_in()


def come_back(person: Person, base: str, asked: dict[str, str], code: str) -> httpx.Response:
    """The provider sends the browser back."""
    path = urlsplit(asked["redirect_uri"]).path
    answer = person.http.get(path, params={"code": code, "state": asked["state"]})
    if path.startswith("/auth/"):
        assert answer.status_code == 303
        answer = person.http.get(answer.headers["location"])
    assert base
    return answer


@BOTH
def test_a_state_that_this_browser_does_not_know_is_refused(
    api: Api, offering: str, provider: Provider, name: str
) -> None:
    with Person(api) as person, Person(api) as victim:
        asked = begin(person, offering, name, "sign-up")
        code = provider.add(Somebody(login=f"eve-{secrets.token_hex(3)}"))
        assert victim.get(f"{name}/callback/", code=code, state=asked["state"]).status_code == 400
        begin(victim, offering, name)
        assert victim.get(f"{name}/callback/", code=code, state=asked["state"]).status_code == 400
        assert not victim.signed_in()
        denied = person.get(f"{name}/callback/", error="access_denied", state=asked["state"])
        assert denied.status_code == 400
        assert person.get("facebook/callback/", code="x", state="y").status_code == 400


@pytest.mark.parametrize("kept", ["[" * 2500, '{"a":' * 400, "[]", "{}", "\x00"])
def test_a_cookie_that_this_site_did_not_make_is_no_fault(api: Api, kept: str) -> None:
    cookie = f"notechondria_site_provider={urlsafe_b64encode(kept.encode()).decode()}"
    answer = api.http.get(f"{api.base}/account/google/callback/?code=x&state=y", headers={"Cookie": cookie})
    assert answer.status_code == 400
    assert "begun too long ago" in answer.text


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


def test_who_is_signed_in_needs_no_form(api: Api, user: User) -> None:
    with Person(api) as person:
        person.sign_in(user.username)
        assert person.get("sign-up/").headers["location"] == "/account/"


@BOTH
@pytest.mark.contract("identity §10.4")
def test_a_provider_is_linked_and_unlinked(api: Api, offering: str, provider: Provider, name: str) -> None:
    mine, other = api.register(), api.register()
    somebody = Somebody(login=f"ada-{secrets.token_hex(3)}", email=f"{secrets.token_hex(4)}@example.org")
    shown_name = {"google": "Google", "github": "GitHub"}[name]

    def begin_link(person: Person) -> dict[str, str]:
        page = person.http.get(f"{offering}/account/profile/").text
        fields = person.hidden(page, f"/account/profile/providers/{name}/link/")
        answer = person.http.post(f"{offering}/account/profile/providers/{name}/link/", data=fields)
        return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    with Person(api) as person, Person(api) as stranger:
        person.sign_in(mine.username)
        assert begin_link(person) == {"next": "/account/profile/"}
        confirm(person)
        asked = begin_link(person)
        with Person(api) as nobody:
            nobody.http.cookies.set("notechondria_site_provider", person.http.cookies["notechondria_site_provider"])
            led = come_back(nobody, offering, asked, provider.add(somebody))
            assert led.headers["location"].startswith("/account/sign-in/")
        done = come_back(person, offering, asked, provider.add(somebody))
        assert done.headers["location"] == "/account/profile/"
        assert f"Unlink {shown_name}" in person.get("profile/").text
        assert f"Provider linked: {name}" in person.get("log/").text
        stranger.sign_in(other.username)
        confirm(stranger)
        taken = come_back(stranger, offering, begin_link(stranger), provider.add(somebody))
        assert taken.status_code == 409
        assert stranger.get(f"profile/providers/{name}/unlink/").status_code == 404
        assert stranger.post(f"profile/providers/{name}/unlink/", csrf=stranger.csrf()).status_code == 404
    with Person(api) as again:
        asked = begin(again, offering, name)
        assert come_back(again, offering, asked, provider.add(somebody)).headers["location"] == "/account/devices/"
        assert mine.username in again.get("").text
        assert again.submit(f"profile/providers/{name}/unlink/", {}).headers["location"] == "/account/profile/"
        assert f"Unlink {shown_name}" not in again.get("profile/").text
    assert mine.get("auth/social-accounts/").json() == []


@BOTH
def test_the_only_way_in_is_not_unlinked(api: Api, offering: str, provider: Provider, name: str) -> None:
    somebody = Somebody(login=f"ada-{secrets.token_hex(3)}", email=f"{secrets.token_hex(4)}@example.org")
    with Person(api) as person:
        asked = begin(person, offering, name, "sign-up")
        assert come_back(person, offering, asked, provider.add(somebody)).status_code == 303
        assert person.submit(f"profile/providers/{name}/unlink/", {}).headers["location"] == "/account/profile/"
        assert "Set a password first" in person.get("profile/").text


@BOTH
def test_a_provider_is_the_first_step_where_there_is_a_second(
    api: Api, offering: str, provider: Provider, name: str, stack: Stack
) -> None:
    """An account without a password: it confirms by a mailed code, and its provider's sign-in asks for the factor."""
    login = f"ada-{secrets.token_hex(3)}"
    somebody = Somebody(email=f"{login}@example.org", login=login)
    with Person(api) as person:
        asked = begin(person, offering, name, "sign-up")
        assert come_back(person, offering, asked, provider.add(somebody)).status_code == 303
        shown = person.get("confirm/", next="/account/security/")
        assert "Password" not in shown.text
        assert f"Mail a code to {login[0]}***@example.org" in shown.text
        mailed = person.post("confirm/mail/", **person.hidden(shown.text, "/account/confirm/mail/"))
        fields = person.hidden(mailed.text, "/account/confirm/")
        assert person.post("confirm/", **fields, mailed_code="000000").status_code == 400
        code = api.code_for(somebody.email)
        assert person.post("confirm/", **fields, mailed_code=code).headers["location"] == "/account/security/"
        secret, _ = add_authenticator(person)
        again = person.post("confirm/", **fields, mailed_code=code, code="x")
        assert again.status_code == 400
    with Person(api) as person:
        asked = begin(person, offering, name)
        step = come_back(person, offering, asked, provider.add(somebody))
        assert step.status_code == 200
        assert "One more step" in step.text
        assert not person.signed_in()
        assert person.post("second-step/", **person.hidden(step.text), code="000000").status_code == 400
        with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
            identity.execute("UPDATE authenticators SET last_step = 0 WHERE secret = %s", [secret])
        done = person.post("second-step/", **person.hidden(step.text), code=pyotp.TOTP(secret).now())
        assert done.headers["location"] == "/account/devices/"
        assert f"{name}, authenticator" in person.get("log/").text
