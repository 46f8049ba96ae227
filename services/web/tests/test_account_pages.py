"""Signing in on the site over plain HTTP: what a form needs, what a cookie is, where one is led."""

from __future__ import annotations

import re

import httpx
import pytest
from tests.support.client import Api, User, eventually
from tests.support.people import Person
from tests.support.replica import another

from notechondria_launcher.stack import Stack


@pytest.fixture(scope="module")
def mia(api: Api) -> User:
    return api.register()


def set_cookies(answer: httpx.Response) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


def test_pages_are_html_with_strict_headers(api: Api, mia: User) -> None:
    with Person(api) as person:
        stranger = [person.get(path) for path in ("sign-in/", "nothing/")]
        assert person.sign_in(mia.username).status_code == 303
        for answer in (*stranger, person.get(""), person.get("nothing/at/all/"), person.post("sign-out/", csrf="x")):
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'none';")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-frame-options"] == "DENY"
            assert "<script" not in answer.text
            assert 'style="' not in answer.text
            assert "://" not in re.sub(r"<p class=\"problem\".*?</p>", "", answer.text)
        style = person.get("style.css")
        assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_a_stranger_is_led_to_the_sign_in_and_back(api: Api, mia: User) -> None:
    with Person(api) as person:
        assert person.get("/account").headers["location"] == "/account/"
        assert person.get("").headers["location"] == "/account/sign-in/"
        assert person.sign_in(mia.email, next="/oauth/authorize?client_id=a&state=%2F").headers["location"] == (
            "/oauth/authorize?client_id=a&state=%2F"
        )
        assert person.get("sign-in/").headers["location"] == "/account/"
        page = person.get("").text
        assert mia.username in page


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/account//evil.example/",
        "/account/../admin/",
        "/api/v1/auth/logout/",
        "/accounts/",
        "/account/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/account/" + "a" * 9000,
    ],
)
def test_nobody_is_led_elsewhere(api: Api, mia: User, elsewhere: str) -> None:
    with Person(api) as person:
        token = person.hidden(person.get("sign-in/").text)["csrf"]
        fields = {"csrf": token, "identifier": mia.username, "password": mia.password, "next": elsewhere}
        assert person.post("sign-in/", **fields).headers["location"] == "/account/"


def test_a_wrong_password_reads_like_an_unknown_name(api: Api, mia: User) -> None:
    with Person(api) as person:
        texts = set()
        for name in (mia.username, "nobody-is-called-so"):
            answer = person.sign_in(name, "Wrong-horse-7", next="/account/")
            assert answer.status_code == 400
            assert f'value="{name}"' in answer.text
            texts.add(re.findall(r'role="alert">([^<]+)<', answer.text)[0])
        assert texts == {"Sign-in refused: no account matches this name and password."}
        assert "Wrong-horse" not in answer.text
        empty = person.sign_in("", "")
        assert empty.status_code == 400
        assert not person.signed_in()


def test_cookies_are_shut_away(api: Api, mia: User, stack: Stack) -> None:
    with Person(api) as person:
        form = set_cookies(person.get("sign-in/"))["notechondria_site_form"].lower()
        assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in form.split(";")}
        kept = set_cookies(person.sign_in(mia.username))["notechondria_site"].lower()
        parts = {part.strip() for part in kept.split(";")}
        assert {"httponly", "samesite=lax", "path=/"} <= parts
        assert not [part for part in parts if part.startswith(("max-age", "expires", "domain"))]
    with another(stack, "web", PUBLIC_BASE_URL="https://notes.example.org") as web:
        answer = httpx.get(f"{web}/account/sign-in/", trust_env=False)
        (cookie,) = set_cookies(answer).values()
        assert cookie.startswith("__Host-notechondria_site_form=")
        assert {"Secure", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_forms_of_others_are_refused(api: Api, mia: User) -> None:
    with Person(api) as person, Person(api) as other:
        foreign = other.hidden(other.get("sign-in/").text)["csrf"]
        person.get("sign-in/")
        for token in (foreign, "", "x"):
            fields = {"csrf": token, "identifier": mia.username, "password": mia.password}
            assert person.post("sign-in/", **fields).status_code == 403
        assert person.sign_in(mia.username).status_code == 303
        assert other.sign_in(mia.username).status_code == 303
        theirs = re.findall(r'name="csrf" value="([^"]+)"', other.get("").text)[0]
        assert person.post("sign-out/", csrf=theirs).status_code == 403
        assert person.signed_in()


def test_a_session_of_the_site_is_a_device_like_any_other(api: Api, mia: User) -> None:
    with Person(api) as person:
        person.sign_in(mia.username)
        devices = mia.get("auth/sessions/").json()["sessions"]
        (site,) = [row for row in devices if row["device_label"] == "Notechondria site (Linux)"][:1]
        assert person.signed_in()
        assert mia.delete(f"auth/sessions/{site['id']}/").status_code == 204
        eventually(lambda: not person.signed_in(), what="the session has ended")
        assert person.get("").headers["location"] == "/account/sign-in/"


def test_signing_out_ends_the_session_and_says_so_once(api: Api, mia: User) -> None:
    with Person(api) as person:
        person.sign_in(mia.username)
        token = person.http.cookies["notechondria_site"]
        csrf = re.findall(r'name="csrf" value="([^"]+)"', person.get("").text)[0]
        answer = person.post("sign-out/", csrf=csrf)
        assert answer.headers["location"] == "/account/sign-in/"
        assert "You are signed out." in person.get("sign-in/").text
        assert "You are signed out." not in person.get("sign-in/").text
        assert api.get("settings/", headers={"Authorization": f"Token {token}"}).status_code == 401
        assert person.post("sign-out/", csrf=csrf).headers["location"] == "/account/sign-in/"
