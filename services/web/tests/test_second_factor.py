"""The second factor on the site and wherever else one signs in: there is no way round it."""

from __future__ import annotations

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pyotp
import pytest
from tests.support.admin import Site, enter, make_staff
from tests.support.client import PASSWORD, Api, eventually
from tests.support.people import Person, add_authenticator, confirm, forget_steps
from tests.support.provider import Person as Somebody
from tests.support.provider import Provider
from tests.support.replica import another

from notechondria_launcher.stack import Stack

WRONG = "Not done: the code is wrong, was used, or is not of now."


def alerts(answer: httpx.Response) -> list[str]:
    return re.findall(r'role="alert">([^<]+)<', answer.text)


class Protected:
    """An account with an authenticator."""

    def __init__(self, api: Api, stack: Stack) -> None:
        self.api, self.stack, self.user = api, stack, api.register()
        with Person(api) as person:
            person.sign_in(self.user.username)
            confirm(person)
            self.secret, self.codes = add_authenticator(person)

    def code(self, steps: int = 0) -> str:
        """The digits of now, or of half a minute before or after, as if none had been used."""
        forget_steps(self.stack, self.user)
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)

    def begin(self, person: Person) -> httpx.Response:
        """The page of the second step."""
        answer = person.sign_in(self.user.username)
        assert answer.status_code == 200, answer.text
        assert "One more step" in answer.text
        assert not person.signed_in()
        return answer

    def begin_with(self, person: Person, password: str) -> bool:
        """Whether a password leads to the second step."""
        return "One more step" in person.sign_in(self.user.username, password).text

    def enter(self, person: Person, code: str) -> httpx.Response:
        return person.post("second-step/", **person.hidden(self.begin(person).text), code=code)


@pytest.fixture(scope="module")
def protected(api: Api, stack: Stack) -> Protected:
    return Protected(api, stack)


def test_changes_ask_for_the_password_first(api: Api) -> None:
    user = api.register()
    with Person(api) as person:
        person.sign_in(user.username)
        for path in ("authenticator", "passkeys", "recovery-codes", "app-passwords", "mails"):
            answer = person.post(f"security/{path}/", csrf=person.csrf(), name="x")
            assert answer.headers["location"] == "/account/confirm/?next=%2Faccount%2Fsecurity%2F", path
        wrong = person.submit("confirm/", {"password": "Wrong-horse-7"})
        assert wrong.status_code == 400
        assert alerts(wrong) == ["Action refused: the password is wrong."]
        confirm(person)
        assert person.post("security/authenticator/", csrf=person.csrf()).status_code == 200
        with Person(api) as elsewhere:  # it counts for one session
            elsewhere.sign_in(user.username)
            assert elsewhere.post("security/authenticator/", csrf=elsewhere.csrf()).status_code == 303


def test_the_confirmation_runs_out(api: Api, stack: Stack) -> None:
    user = api.register()
    with Person(api) as person:
        person.sign_in(user.username)
        confirm(person)
        with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
            identity.execute(
                "UPDATE sessions SET confirmed_at = now() - interval '10 minutes' WHERE user_id = %s", [user.id]
            )
        assert person.post("security/authenticator/", csrf=person.csrf()).status_code == 303


def test_signing_in_asks_for_digits_that_count_once(api: Api, protected: Protected) -> None:
    assert len(protected.codes) == 10
    with Person(api) as person:
        refused = protected.enter(person, "000000")
        assert refused.status_code == 400
        assert alerts(refused) == [WRONG]
        code = protected.code()
        done = person.post("second-step/", **person.hidden(refused.text), code=f"{code[:3]} {code[3:]}")
        assert done.status_code == 303
        assert person.signed_in()
    with Person(api) as person:
        assert alerts(protected.enter(person, code)) == [WRONG]
        for steps in (-1, 1):
            assert protected.enter(person, protected.code(steps)).status_code == 303
            person.http.cookies.clear()
        for steps in (-2, 2):
            assert alerts(protected.enter(person, protected.code(steps))) == [WRONG]


def test_a_ticket_ends_after_five_wrong_codes_and_after_one_that_was_right(api: Api, protected: Protected) -> None:
    with Person(api) as person:
        fields = person.hidden(protected.begin(person).text)
        for _ in range(5):
            answer = person.post("second-step/", **fields, code="000000")
        assert answer.status_code == 400
        late = person.post("second-step/", **fields, code=protected.code())
        assert late.status_code == 400
        assert "Begin again" in late.text
        fields = person.hidden(protected.begin(person).text)
        assert person.post("second-step/", **fields, code=protected.code()).status_code == 303
        assert person.post("second-step/", **fields, code=protected.code()).status_code == 400


def test_wrong_digits_have_a_limit_a_day_that_recovery_codes_pass(api: Api, stack: Stack) -> None:
    mine = Protected(api, stack)
    with (
        another(stack, "identity", ACCOUNT_RATE_PER_MINUTE="100") as limited,
        another(stack, "web", IDENTITY_URL=limited) as web,
        Person(api, web) as person,
        psycopg.connect(stack.database_url("identity"), autocommit=True) as identity,
    ):
        assert mine.enter(person, "000000").status_code == 400
        bucket = f"day:wrong-digits:{mine.user.id}"
        assert identity.execute("UPDATE rate_buckets SET tokens = 0 WHERE bucket = %s", [bucket]).rowcount == 1
        stopped = mine.enter(person, mine.code())
        assert stopped.status_code == 429
        assert "too many wrong codes today" in stopped.text
        assert int(stopped.headers["retry-after"]) > 0
        assert mine.enter(person, mine.codes[2]).status_code == 303


def test_of_two_at_once_with_the_same_digits_one_signs_in(api: Api, protected: Protected) -> None:
    code = protected.code()

    def enter(_: int) -> int:
        with Person(api) as person:
            fields = person.hidden(person.sign_in(protected.user.username).text)
            return person.post("second-step/", **fields, code=code).status_code

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(enter, range(2)))
    # The second sign-in voids the ticket of the first, so that it may be none; never both.
    assert answers in ([303, 400], [400, 400])


def test_recovery_codes_open_once(api: Api, protected: Protected) -> None:
    with Person(api) as person:
        typed = protected.codes[0].replace("-", " ").upper()
        assert protected.enter(person, typed).status_code == 303
        assert "9 of ten are left" in person.get("security/").text
        log = person.get("log/").text
        assert "Recovery code used" in log
        assert "password, recovery code" in log
    with Person(api) as person:
        assert alerts(protected.enter(person, protected.codes[0])) == [WRONG]
        other = Protected(api, protected.stack)
        assert alerts(protected.enter(person, other.codes[0])) == [WRONG]


def test_a_password_that_was_changed_meanwhile_ends_the_first_step(api: Api, stack: Stack) -> None:
    mine = Protected(api, stack)
    with Person(api) as person:
        fields = person.hidden(mine.begin(person).text)
        api.post("auth/password-reset/", {"email": mine.user.email})
        body = {"email": mine.user.email, "code": api.code_for(mine.user.email), "password": "Better-horse-8"}
        assert api.post("auth/password-reset/confirm/", body).status_code == 200
        assert person.post("second-step/", **fields, code=mine.code()).status_code == 400
        # Nor does the reset pass the factor.
        answer = person.sign_in(mine.user.username, "Better-horse-8")
        assert "One more step" in answer.text
        assert api.post("auth/login/", {"email": mine.user.email, "password": "Better-horse-8"}).status_code == 400


@pytest.mark.contract("identity §7.5", "decision 54")
def test_the_own_password_alone_signs_in_nowhere(api: Api, protected: Protected) -> None:
    answer = api.post("auth/login/", {"email": protected.user.email, "password": PASSWORD})
    assert answer.status_code == 400
    (text,) = answer.json()["non_field_errors"]
    assert "app password" in text
    assert "/account/security/" in text
    wrong = api.post("auth/login/", {"email": protected.user.email, "password": "Wrong-horse-7"})
    assert "app password" not in wrong.text


@pytest.mark.contract("decision 54")
def test_an_app_password_signs_in_to_apps_and_decides_nothing(api: Api, protected: Protected) -> None:
    user = protected.user
    with Person(api) as person:
        assert protected.enter(person, protected.code()).status_code == 303
        confirm(person, code=protected.code())
        made = person.post("security/app-passwords/", csrf=person.csrf(), name="Old <editor>")
        (password,) = re.findall(r'<p class="secret card">([a-z0-9-]{24})</p>', made.text)
        assert "Old &lt;editor&gt;" in made.text
        listed = person.get("security/").text
        assert password not in listed
        assert "never used" in listed
        for sent in (password, password.replace("-", "").upper()):
            signed_in = api.post("auth/login/", {"email": user.email, "password": sent})
            assert signed_in.status_code == 200, signed_in.text
        token = signed_in.json()["token"]
        own = {"Authorization": f"Token {token}"}
        assert api.get("notes/", headers=own).status_code == 200
        assert api.request("PATCH", "settings/", json={"motto": "Hi"}, headers=own).status_code == 200
        for method, path in (
            ("POST", "auth/api-keys/"),
            ("POST", "auth/rotate-api-key/"),
            ("POST", "auth/change-password/"),
            ("DELETE", "auth/account/"),
            ("GET", "auth/account/export/"),
            ("GET", "auth/programs/"),
        ):
            assert api.request(method, path, json={}, headers=own).status_code == 403, path
        with Person(api) as thief:
            thief.http.cookies.set("notechondria_site", token, domain="127.0.0.1")
            assert not thief.signed_in()
        # Neither on the site nor for another account.
        with Person(api) as stranger:
            assert stranger.sign_in(user.username, password).status_code == 400
            other = api.register()
            assert api.post("auth/login/", {"email": other.email, "password": password}).status_code == 400
        assert "last used" in person.get("security/").text
        (number,) = re.findall(r"app-passwords/(\d+)/revoke", person.get("security/").text)
        assert person.post(f"security/app-passwords/{number}/revoke/", csrf=person.csrf()).status_code == 303
        eventually(lambda: api.get("notes/", headers=own).status_code == 401, what="its sessions have ended")
        assert api.post("auth/login/", {"email": user.email, "password": password}).status_code == 400
        assert person.post(f"security/app-passwords/{number}/revoke/", csrf=person.csrf()).status_code == 404


def test_nobody_ends_what_is_somebody_elses(api: Api, protected: Protected) -> None:
    with Person(api) as owner, Person(api) as other:
        assert protected.enter(owner, protected.code()).status_code == 303
        confirm(owner, code=protected.code())
        owner.post("security/app-passwords/", csrf=owner.csrf(), name="Mine")
        number = re.findall(r"app-passwords/(\d+)/revoke", owner.get("security/").text)[0]
        other.sign_in(api.register().username)
        confirm(other)
        assert other.post(f"security/app-passwords/{number}/revoke/", csrf=other.csrf()).status_code == 404
        assert other.post("security/authenticator/remove/", csrf=other.csrf()).status_code == 404
        assert other.post("security/passkeys/1/remove/", csrf=other.csrf()).status_code == 404
        assert other.post(f"security/passkeys/{10**30}/remove/", csrf=other.csrf()).status_code == 404
        assert "Mine" in owner.get("security/").text


@pytest.mark.contract("decision 54", "identity §10.3")
@pytest.mark.parametrize("name", ["google", "github"])
def test_a_provider_does_not_pass_the_factor(api: Api, stack: Stack, provider: Provider, name: str) -> None:
    mine = Protected(api, stack)
    somebody = Somebody(email=mine.user.email, login=f"x-{secrets.token_hex(3)}")
    answer = api.post(f"auth/{name}/", {"code": provider.add(somebody), "intent": "login"})
    assert answer.status_code == 400
    assert "second factor" in answer.json()["non_field_errors"][0]
    # Nothing was linked on the way.
    assert mine.user.get("auth/social-accounts/").json() == []


def test_an_api_key_changes_no_factor(api: Api, protected: Protected) -> None:
    key = protected.user.rotate_key()
    with Person(api) as person:
        person.http.cookies.set("notechondria_site", key, domain="127.0.0.1")
        assert not person.signed_in()
    bearer = {"Authorization": f"Bearer {key}"}
    for path in ("authenticator/remove", "confirm", "app-passwords"):
        assert api.post(f"/internal/people/{path}", {}, headers=bearer).status_code == 404


def test_the_administration_site_asks_too(api: Api, stack: Stack) -> None:
    mine = Protected(api, stack)
    make_staff(api, mine.user)
    with Site(api) as site:
        bare = site.sign_in(mine.user.username)
        assert bare.status_code == 400
        assert "Enter the code" in bare.text
        assert site.sign_in(mine.user.username, code="000000").status_code == 400
        assert site.sign_in(mine.user.username, "Wrong-horse-7", code=mine.code()).status_code == 400
        assert site.sign_in(mine.user.username, code=mine.code()).status_code == 303
    with Person(api) as person, Site(api) as site:
        assert mine.enter(person, mine.code()).status_code == 303
        confirm(person, code=mine.code())
        made = person.post("security/app-passwords/", csrf=person.csrf(), name="Old")
        (password,) = re.findall(r'<p class="secret card">([a-z0-9-]{24})</p>', made.text)
        assert site.sign_in(mine.user.username, password).status_code == 400
        token = api.post("auth/login/", {"email": mine.user.email, "password": password}).json()["token"]
        site.http.cookies.set("notechondria_admin", token, domain="127.0.0.1")
        assert site.get("").status_code == 303


def test_turning_it_off_asks_for_password_and_factor(api: Api, stack: Stack) -> None:
    mine = Protected(api, stack)
    with Person(api) as person:
        assert mine.enter(person, mine.code()).status_code == 303
        assert person.post("security/authenticator/remove/", csrf=person.csrf()).status_code == 303
        assert "Remove" in person.get("security/").text
        for fields in (
            {"password": PASSWORD},
            {"password": PASSWORD, "code": "000000"},
            {"password": "Wrong-horse-7", "code": mine.code()},
        ):
            assert person.submit("confirm/", fields).status_code == 400
        confirm(person, code=mine.code())
        done = person.post("security/authenticator/remove/", csrf=person.csrf())
        assert done.headers["location"] == "/account/security/"
        assert "It does not count any more." in person.get("security/").text
        assert "Recovery codes" not in person.get("security/").text
    assert api.post("auth/login/", {"email": mine.user.email, "password": PASSWORD}).status_code == 200


def test_staff_helps_who_has_lost_everything(api: Api, stack: Stack) -> None:
    mine, helper = Protected(api, stack), make_staff(api, api.register())
    with enter(api, helper) as site:
        site.act(f"users/{mine.user.id}/remove-factor/")
    assert api.post("auth/login/", {"email": mine.user.email, "password": PASSWORD}).status_code == 200
    with Person(api) as person:
        assert person.sign_in(mine.user.username).status_code == 303
        assert "Second factor removed" in person.get("log/").text


@pytest.mark.contract("identity §4")
def test_a_new_password_ends_all_other_devices(api: Api, stack: Stack) -> None:
    mine = Protected(api, stack)
    with Person(api) as person, Person(api) as elsewhere:
        assert mine.enter(elsewhere, mine.code()).status_code == 303
        assert mine.enter(person, mine.code()).status_code == 303
        led = person.get("password/")
        assert led.headers["location"] == "/account/confirm/?next=%2Faccount%2Fpassword%2F"
        assert person.post("password/", csrf=person.csrf(), password="Better-horse-8").status_code == 303
        assert elsewhere.signed_in()
        confirm(person, code=mine.code())
        for password in ("short", "nocapitals-8", "Password1", f"{mine.user.username.capitalize()}1"):
            refused = person.submit("password/", {"password": password})
            assert refused.status_code == 400, password
        done = person.submit("password/", {"password": "Better-horse-8"})
        assert done.headers["location"] == "/account/security/"
        assert "The password is changed" in person.get("security/").text
        assert not elsewhere.signed_in()
        eventually(lambda: mine.user.get("notes/").status_code == 401, what="the app is signed out")
        assert mine.begin_with(elsewhere, "Better-horse-8")
        assert "Password changed" in person.get("log/").text


def test_new_recovery_codes_replace_the_old_ones(api: Api, stack: Stack) -> None:
    mine = Protected(api, stack)
    with Person(api) as person:
        assert mine.enter(person, mine.code()).status_code == 303
        confirm(person, code=mine.code())
        new = re.findall(r"<li>([a-z0-9-]{19})</li>", person.post("security/recovery-codes/", csrf=person.csrf()).text)
        assert len(set(new) - set(mine.codes)) == 10
    with Person(api) as person:
        assert mine.enter(person, mine.codes[1]).status_code == 400
        assert mine.enter(person, new[1]).status_code == 303


def test_secrets_are_hashed_and_in_no_log(api: Api, protected: Protected, stack: Stack) -> None:
    with Person(api) as person:
        assert protected.enter(person, protected.codes[5]).status_code == 303
        token = person.http.cookies["notechondria_site"]
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        for table in ("recovery_codes", "app_passwords", "tickets", "app_codes"):
            kept = str(identity.execute(f"SELECT * FROM {table}").fetchall())
            assert not [code for code in protected.codes if code in kept or code.replace("-", "") in kept]
    for part in ("identity", "web", "gateway"):
        log = stack.log(part).read_text()
        assert protected.secret not in log
        assert token not in log
        assert not [code for code in protected.codes if code in log]
