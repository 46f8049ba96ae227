"""How pages take what browsers and people do to them: HEAD, a slash left out, a form of a session that is over."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
from tests.support.client import PASSWORD, Api, User
from tests.support.people import Person, confirm, forget_steps, public_url, words
from tests.support.programs import Program

from notechondria_launcher.stack import Stack

LOST = "You were signed out before you sent the form, and nothing of it was kept."


def end_elsewhere(api: Api, user: User) -> None:
    """Sign the user's browsers out from another one."""
    with Person(api) as other:
        other.sign_in(user.username)
        assert other.post("devices/others/", csrf=other.csrf()).status_code == 303


@pytest.mark.parametrize("path", ["", "profile/", "agents/log/", "style.css", "passkey.js", "nothing/"])
def test_head_is_answered_as_get(person: Person, path: str) -> None:
    head, get = person.http.head(f"/account/{path}"), person.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_the_consent_page_answers_head(api: Api, person: Person) -> None:
    assert person.http.head(f"/oauth/authorize?{Program.registered(api).query()}").status_code == 200


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("profile", "profile/"),
        ("agents/log?day=2026-11-30", "agents/log/?day=2026-11-30"),
        ("agents/keys/5", "agents/keys/5/"),
        ("second-step/", ""),
        ("reset", ""),
        ("verify/again/", "verify/"),
        ("security/authenticator/finish/", "security/"),
        ("calendars/feeds/3/read/", "calendars/"),
        ("notes/bin/3/restore/", "notes/bin/"),
    ],
)
def test_a_path_without_a_page_leads_to_the_one_that_is_meant(person: Person, path: str, leads_to: str) -> None:
    answer = person.http.get(f"/account/{path}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/account/{leads_to}")


@pytest.mark.parametrize("path", ["nothing", "nothing/", "notes/nothing/", "agents/keys/x/"])
def test_what_is_no_page_is_said_on_one(person: Person, path: str) -> None:
    answer = person.http.get(f"/account/{path}")
    assert (answer.status_code, "There is no such page." in answer.text) == (404, True)


@pytest.mark.parametrize(
    ("form", "back"),
    [
        ("profile/", "/account/profile/"),
        ("security/mails/", "/account/security/"),
        ("agents/keys/new/", "/account/agents/keys/new/"),
    ],
)
def test_a_form_of_a_session_that_is_over_says_that_it_was_lost(
    api: Api, ida: User, person: Person, form: str, back: str
) -> None:
    token = person.csrf()
    end_elsewhere(api, ida)
    led = person.post(form, csrf=token, motto="An hour's work")
    assert (led.status_code, urlsplit(led.headers["location"]).path) == (303, "/account/sign-in/")
    assert parse_qs(urlsplit(led.headers["location"]).query) == {"next": [back]}
    page = person.get(led.headers["location"])
    assert LOST in page.text
    fields = {**person.hidden(page.text), "identifier": ida.username, "password": ida.password}
    assert person.post("sign-in/", **fields).headers["location"] == back


def test_a_consent_of_a_session_that_is_over_is_asked_again(api: Api, ida: User, person: Person) -> None:
    path = f"/oauth/authorize?{Program.registered(api).query()}"
    fields = person.hidden(person.http.get(path).text)
    end_elsewhere(api, ida)
    led = person.http.post(path, data={**fields, "answer": "allow", "allow:notes:read": "on", "days": "1"})
    assert parse_qs(urlsplit(led.headers["location"]).query) == {"next": [path]}


def test_signing_out_of_a_session_that_is_over_is_no_loss(api: Api, ida: User, person: Person) -> None:
    token = person.csrf()
    end_elsewhere(api, ida)
    led = person.post("sign-out/", csrf=token)
    assert (led.status_code, led.headers["location"]) == (303, "/account/sign-in/")
    assert "You are signed out." in person.get(led.headers["location"]).text


def test_signing_out_takes_a_form_of_this_site(person: Person) -> None:
    assert person.post("sign-out/", csrf="x").status_code == 403
    assert person.signed_in()


def test_an_authenticator_that_is_set_up_twice_at_once_is_there(person: Person) -> None:
    """Who presses twice sees the second answer only, and not the recovery codes of the first."""
    confirm(person)
    fields = person.hidden(person.post("security/authenticator/", csrf=person.csrf()).text)
    code = pyotp.TOTP(fields["secret"]).now()
    first, second = (person.post("security/authenticator/finish/", **fields, code=code) for _ in range(2))
    assert (first.status_code, second.headers["location"]) == (200, "/account/security/")
    page = words(person.get("security/").text)
    assert "if you have not seen your recovery codes, have new ones made" in page
    assert "10" in page.partition("Recovery codes")[2][:60]


def spaced(code: str) -> str:
    return f" {code[:3]} {code[3:]}\n"


def hyphened(code: str) -> str:
    return f"{code[:3]}-{code[3:]}"


def wide(code: str) -> str:
    """As Japanese keyboards type digits."""
    return "".join(chr(ord("０") + int(digit)) for digit in code)


def arabic(code: str) -> str:
    return "".join(chr(ord("٠") + int(digit)) for digit in code)


def test_digits_count_however_they_are_written(api: Api, stack: Stack, ida: User, person: Person) -> None:
    confirm(person)
    fields = person.hidden(person.post("security/authenticator/", csrf=person.csrf()).text)
    totp = pyotp.TOTP(fields["secret"])
    assert person.post("security/authenticator/finish/", **fields, code=spaced(totp.now())).status_code == 200
    for typed in (hyphened, wide, arabic):
        forget_steps(stack, ida)
        with Person(api) as visitor:
            step = visitor.sign_in(ida.username)
            done = visitor.post("second-step/", **visitor.hidden(step.text), code=typed(totp.now()))
            assert done.headers.get("location") == "/account/", typed


@pytest.mark.parametrize("typed", [spaced, hyphened, wide])
def test_mailed_digits_count_however_they_are_written(api: Api, typed: Callable[[str], str]) -> None:
    name = f"mailed-{secrets.token_hex(4)}"
    address = f"{name}@example.org"
    with Person(api) as visitor:
        asked = visitor.submit("sign-up/", {"username": name, "email": address, "password": PASSWORD})
        fields = {**visitor.hidden(asked.text, "/account/verify/"), "code": typed(api.code_for(address))}
        assert visitor.post("verify/", **fields).headers.get("location") == "/account/"
        new = f"{name}@example.net"
        confirm(visitor)
        asked = visitor.submit("profile/address/", {"new_email": new})
        fields = {**visitor.hidden(asked.text, "/account/profile/address/code/"), "code": typed(api.code_for(new))}
        assert visitor.post("profile/address/code/", **fields).headers.get("location") == "/account/profile/"


def test_an_apps_state_comes_back_whole_or_not_at_all(stack: Stack, person: Person) -> None:
    """RFC 6749 §4.1.2: the exact value. An app that compares half of one refuses its own person."""
    app = f"{public_url(stack)}/app/"
    state = "a b&c=d#é" + "x" * 2039
    page = person.get("apps/", redirect_uri=app, state=state)
    assert urlencode({"state": state}) in page.text
    longer = person.get("apps/", redirect_uri=app, state=state + "x")
    assert (longer.status_code, "a state of more than 2048 characters" in longer.text) == (400, True)
    assert "code=" not in longer.text


@pytest.mark.parametrize("part", ["#/login", "é", "x" * 2048])
def test_an_app_is_not_called_unknown_where_its_address_is_at_fault(stack: Stack, person: Person, part: str) -> None:
    page = person.get("apps/", redirect_uri=f"{public_url(stack)}/{part}")
    assert page.status_code == 400
    assert "no plain address of a page" in words(page.text)
    assert "does not know the app" not in page.text


def test_a_name_that_turns_texts_around_turns_only_itself(person: Person) -> None:
    """U+202E goes on to the end of its element: a name has one of its own, isolated by the style sheet."""
    confirm(person)
    person.post("security/app-passwords/", csrf=person.csrf(), name="\u202etxet")
    assert "<bdi>\u202etxet</bdi>" in person.get("security/").text
    assert "bdi { unicode-bidi: isolate; }" in person.get("style.css").text
