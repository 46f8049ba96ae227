"""The calls named `casdoor`: the newest apps sign in through the site in the browser (apps §3)."""

from __future__ import annotations

import html
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from tests.support.client import Api, User, eventually
from tests.support.gateway import another_gateway
from tests.support.people import Person, public_url
from tests.support.replica import another

from notechondria_launcher.stack import Stack

APP = "http://localhost:5173/Notechondria/editor/"
ORIGIN = {"Origin": "http://localhost:5173"}


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


def send(person: Person, redirect_uri: str = APP, state: str = "casdoor") -> httpx.Response:
    """The browser, sent to the site by an app."""
    query = {"client_id": "notechondria", "redirect_uri": redirect_uri, "response_type": "code", "state": state}
    return person.get("apps/", **query)


def back(answer: httpx.Response) -> str:
    """The address that the page leads back to."""
    assert answer.status_code == 200, answer.text
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.text)
    assert found, answer.text
    return html.unescape(found[1])


def code_of(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(back(answer)).query)["code"][0]


def signed_in_code(api: Api, user: User) -> str:
    with Person(api) as person:
        assert person.sign_in(user.username).status_code == 303
        return code_of(send(person))


@pytest.mark.contract("apps §3", "decision 53")
def test_apps_are_led_to_the_site(api: Api, stack: Stack) -> None:
    base = public_url(stack)
    assert api.get("auth/casdoor/config/").json() == {
        "configured": True,
        "endpoint": base,
        "client_id": "notechondria",
        "organization": "notechondria",
        "application": "notechondria",
        "signin_url": f"{base}/account/apps/",
    }
    with another(stack, "identity", SIGN_IN_SITE="off") as url:
        answer = httpx.get(f"{url}/api/v1/auth/casdoor/config/", trust_env=False)
        assert answer.json() == {"configured": False}


@pytest.mark.contract("apps §3")
def test_an_app_gets_a_session_by_way_of_the_site(api: Api, user: User) -> None:
    assert user.get("settings/").json()["casdoor_linked"] is False
    with Person(api) as person:
        led = send(person)
        assert led.status_code == 303
        location = urlsplit(led.headers["location"])
        assert location.path == "/account/sign-in/"
        assert "localhost:5173" in person.get(led.headers["location"]).text
        target = parse_qs(location.query)["next"][0]
        assert person.sign_in(user.username, next=target).headers["location"] == target
        address = back(person.get(target))
    assert address.startswith(f"{APP}?code=")
    sent = parse_qs(urlsplit(address).query)
    assert sent["state"] == ["casdoor"]
    body = {"code": sent["code"][0], "state": "casdoor"}
    answer = api.post("auth/casdoor/exchange/", body, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    payload = answer.json()
    assert payload["user"]["id"] == user.id
    own = {"Authorization": f"Token {payload['token']}"}
    assert api.get("settings/", headers=own).json()["casdoor_linked"] is True
    again = api.post("auth/casdoor/exchange/", body, headers=ORIGIN)
    assert (again.status_code, list(again.json())) == (400, ["detail"])
    assert api.get("settings/", headers=own).status_code == 200


@pytest.mark.contract("apps §3")
@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost:5174"}, {"Origin": "https://localhost:5173"}, {"Origin": "null"}, {}]
)
def test_a_code_counts_for_its_origin_alone_and_is_then_used(api: Api, user: User, headers: dict[str, str]) -> None:
    code = signed_in_code(api, user)
    assert api.post("auth/casdoor/exchange/", {"code": code}, headers=headers).status_code == 400
    assert api.post("auth/casdoor/exchange/", {"code": code}, headers=ORIGIN).status_code == 400


@pytest.mark.contract("apps §3")
def test_a_late_code_and_one_of_an_ended_session_are_refused(api: Api, user: User, stack: Stack) -> None:
    late = signed_in_code(api, user)
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE app_codes SET expires_at = now() WHERE user_id = %s", [user.id])
        assert identity.execute("SELECT digest FROM app_codes WHERE digest = %s", [late]).fetchone() is None
    assert api.post("auth/casdoor/exchange/", {"code": late}, headers=ORIGIN).status_code == 400
    with Person(api) as person:
        person.sign_in(user.username)
        ended = code_of(send(person))
        csrf = re.findall(r'name="csrf" value="([^"]+)"', person.get("").text)[0]
        assert person.post("sign-out/", csrf=csrf).status_code == 303
    assert api.post("auth/casdoor/exchange/", {"code": ended}, headers=ORIGIN).status_code == 400


@pytest.mark.contract("apps §3")
def test_of_many_exchanges_at_once_one_is_answered(api: Api, user: User) -> None:
    code = signed_in_code(api, user)

    def exchange(_: int) -> int:
        return api.post("auth/casdoor/exchange/", {"code": code}, headers=ORIGIN).status_code

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(exchange, range(8)))
    assert sorted(answers) == [200] + [400] * 7


@pytest.mark.contract("apps §3")
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "https://localhost.evil.example/",
        "http://localhost:5173@evil.example/",
        "javascript:alert(1)//localhost",
        "http://localhost:5173/#fragment",
        "http://localhost:5173\\@evil.example/",
        "//evil.example/",
        "http://localhost:99999/",
        "",
    ],
)
def test_nobody_is_led_to_other_origins(api: Api, user: User, elsewhere: str) -> None:
    with Person(api) as person:
        person.sign_in(user.username)
        answer = send(person, elsewhere)
        assert answer.status_code == 400
        assert "http-equiv" not in answer.text
        assert "code=" not in answer.text


@pytest.mark.contract("apps §3")
def test_on_a_server_of_the_world_only_named_origins_get_codes(stack: Stack) -> None:
    named = {"PUBLIC_BASE_URL": "https://notes.example.org", "FRONTEND_ORIGIN": "https://apps.example.org"}
    with (
        another(stack, "identity", **named, DJANGO_CSRF_TRUSTED_ORIGINS="https://beta.example.org:8443") as identity,
        another(stack, "web", IDENTITY_URL=identity, DJANGO_ALLOWED_HOSTS="127.0.0.1") as web,
    ):
        for address, status in (
            ("https://apps.example.org/Notechondria/editor/", 303),
            ("https://notes.example.org/", 303),
            ("https://beta.example.org:8443/x?y=1", 303),
            ("https://beta.example.org/", 400),
            ("http://apps.example.org/", 400),
            ("http://localhost:5173/", 400),
        ):
            answer = httpx.get(f"{web}/account/apps/", params={"redirect_uri": address}, trust_env=False)
            assert answer.status_code == status, address


@pytest.mark.contract("apps §3", "decision 42")
def test_linking_and_unlinking(api: Api) -> None:
    user, other = api.register(), api.register()
    assert api.post("auth/casdoor/bind/", {"code": "c"}).status_code == 401

    def bind(person: User) -> httpx.Response:
        body = f'{{"code": "{signed_in_code(api, user)}"}}'
        headers = {"Content-Type": "text/plain; charset=utf-8", **ORIGIN}
        return person.request("POST", "auth/casdoor/bind/", content=body, headers=headers)

    taken = bind(other)
    assert (taken.status_code, list(taken.json())) == (409, ["detail"])
    assert other.get("settings/").json()["casdoor_linked"] is False
    linked = bind(user)
    assert linked.status_code == 200
    assert linked.json()["token"] == user.token
    assert linked.json()["user"]["id"] == user.id
    assert user.get("settings/").json()["casdoor_linked"] is True
    assert user.delete("auth/casdoor/unlink/").json() == {"casdoor_linked": False, "was_linked": True}
    assert user.delete("auth/casdoor/unlink/").json() == {"casdoor_linked": False, "was_linked": False}
    assert list(user.post("auth/casdoor/bind/", {}).json()) == ["code"]
    key = {"Authorization": f"Bearer {user.rotate_key()}"}
    assert api.request("DELETE", "auth/casdoor/unlink/", headers=key).status_code == 403
    assert api.request("DELETE", "auth/casdoor/unlink/").status_code == 401


@pytest.mark.contract("apps §3")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("exchange", {"code": "anything", "state": "casdoor"}),
        ("link/bind", {"nonce": "n", "username": "mira", "password": "Correct-horse-7"}),
        ("link/create", {"nonce": "n", "password": "Correct-horse-7"}),
    ],
)
def test_codes_and_nonces_that_were_never_issued_are_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    answer = api.post(f"auth/casdoor/{path}/", body)
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    for name in body.keys() - {"state"}:
        missing = api.post(f"auth/casdoor/{path}/", {**body, name: " "})
        assert (missing.status_code, list(missing.json())) == (400, [name])


@pytest.mark.contract("apps §3", "decision 30")
def test_asking_for_the_site_is_no_try_and_its_forms_are(stack: Stack) -> None:
    with another_gateway(stack, AUTH_RATE_PER_MINUTE="2") as gateway, Api(stack, gateway.url) as strict:
        for _ in range(6):
            assert strict.get("auth/casdoor/config/").status_code == 200
            assert strict.get("/account/sign-in/").status_code == 200
        forms = [strict.request("POST", "/account/sign-in/", data={"csrf": "x"}).status_code for _ in range(4)]
        assert forms == [403, 403, 429, 429]
        codes = [strict.post("auth/casdoor/exchange/", {"code": "x"}).status_code for _ in range(4)]
        assert codes == [400, 400, 429, 429]


def test_an_account_has_few_codes_at_a_time(api: Api, user: User, stack: Stack) -> None:
    with Person(api) as person:
        person.sign_in(user.username)
        codes = [code_of(send(person)) for _ in range(12)]
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        kept = identity.execute("SELECT count(*) FROM app_codes WHERE user_id = %s", [user.id]).fetchone()
    assert kept == (10,)
    assert api.post("auth/casdoor/exchange/", {"code": codes[0]}, headers=ORIGIN).status_code == 400
    assert api.post("auth/casdoor/exchange/", {"code": codes[-1]}, headers=ORIGIN).status_code == 200


def test_codes_are_in_no_log(api: Api, user: User, stack: Stack) -> None:
    code = signed_in_code(api, user)
    marker = f"seen-{secrets.token_hex(6)}"
    api.post("auth/casdoor/exchange/", {"code": code}, headers={**ORIGIN, "X-Request-ID": marker})
    access = stack.log("gateway").parent / "access.log"
    eventually(lambda: marker in access.read_text(), what="the exchange is logged")
    for log in (access, *(stack.log(part) for part in ("identity", "web", "gateway"))):
        assert code not in log.read_text(), log
