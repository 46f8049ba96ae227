"""A person's day with each generation of the apps, on the web and as programs (apps §9)."""

from __future__ import annotations

import secrets

import pytest
from tools.app_table import PAGE, page

from tests.apps.kit import App, Browser, Generation
from tests.apps.scripts import DAY, SIGN_UP, STARTS
from tests.apps.shapes import ListOf, Maybe, Reads, Text, misfits
from tests.support.client import Api, eventually


def person(api: Api, generation: Generation, browser: Browser | None) -> App:
    """An app on the device of somebody who has no account yet."""
    app = App(api.http, api.base, generation, browser)
    name = f"app-{secrets.token_hex(4)}"
    app.kept |= {"username": name, "email": f"{name}@example.org"}
    app.computed["code"] = lambda: api.code_for(f"{name}@example.org")
    return app


@pytest.mark.contract("apps §9", "apps §1", "identity §18", "planner §10", "identity §15")
@pytest.mark.parametrize("on", ["the web", "a device"])
@pytest.mark.parametrize("generation", ["old", "newest"])
def test_a_day_with_the_apps(api: Api, generation: Generation, on: str) -> None:
    eventually(lambda: api.get("courses/").json(), what="the template courses are there")
    app = person(api, generation, Browser() if on == "the web" else None)
    for script in DAY:
        app.replay(script)


@pytest.mark.contract("apps §1", "apps §9")
@pytest.mark.parametrize("generation", ["old", "newest"])
def test_an_api_key_does_for_the_apps_what_a_session_does(api: Api, generation: Generation) -> None:
    app = person(api, generation, None)
    app.replay(SIGN_UP)
    user = api.post("auth/login/", {"email": app.kept["email"], "password": "Correct-horse-7"}).json()
    headers = {"Authorization": f"Token {user['token']}"}
    app.kept["token"] = api.request("POST", "auth/rotate-api-key/", headers=headers).json()["api_key"]
    app.kept["course"] = api.get("courses/", headers=headers).json()[0]["id"]
    assert app.authorization["Authorization"].startswith("Bearer ntc_")
    for script in STARTS:
        for call in script.calls:
            if call.path != "auth/session/" and call.only in (None, generation):
                app.send(call, script.what)


@pytest.mark.contract("apps §1")
def test_a_second_start_of_a_web_app_asks_once_for_each_answer(api: Api) -> None:
    app = person(api, "newest", None)
    app.replay(SIGN_UP)
    app.kept["token"] = api.post("auth/login/", {"email": app.kept["email"], "password": "Correct-horse-7"}).json()[
        "token"
    ]
    start, browser = STARTS[2], Browser()
    app.browser = browser
    app.replay(start)
    first, octets = browser.round_trips, browser.octets
    browser.round_trips = browser.octets = 0
    app.replay(start)
    calls = [call for call in start.calls if call.only in (None, "newest")]
    assert browser.round_trips == len(calls)  # no preflight is asked again
    assert first == len(calls) + sum(not call.anonymous for call in calls)
    assert browser.octets < octets / 2


def test_the_table_of_the_contract_is_that_of_the_scripts() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_what_an_app_cannot_read_is_named() -> None:
    shape = Reads({"id": int, "name": Maybe(str), "parts": ListOf(Reads({"on": bool}), least=1)})
    assert not misfits({"id": 1, "name": None, "parts": [{"on": True}], "more": 1}, shape)
    assert misfits({"id": "1", "name": 2, "parts": []}, shape) == [
        ".id: no int, but '1'",
        ".name: no str, but 2",
        ".parts: not a list of 1 or more, but []",
    ]
    assert misfits({"id": True, "parts": [{"on": 1}]}, shape) == [
        ".name: missing",
        ".id: no int, but True",
        ".parts[0].on: no bool, but 1",
    ]
    assert misfits("2026-1-1", Text(r"\d{4}-\d\d-\d\d", "date"), "at") == ["at: no date, but '2026-1-1'"]
    assert misfits("x", ("a", "b"), "kind") == ["kind: none of ('a', 'b'), but 'x'"]
