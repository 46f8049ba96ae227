"""Answers that a client may keep: ETag and 304; preflights that a browser remembers; reads that wait for identity."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User

PATHS = ("courses/", "front-page/", "settings/", "heatmap/")
PAGE = {"Origin": "http://localhost:5000"}


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


@pytest.mark.contract("apps §1")
@pytest.mark.parametrize("path", PATHS)
def test_an_answer_that_did_not_change_is_not_sent_again(user: User, path: str) -> None:
    first = user.get(path, headers=PAGE)
    tag = first.headers["ETag"]
    again = user.get(path, headers={**PAGE, "If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Access-Control-Allow-Origin"] == PAGE["Origin"]
    assert user.get(path, headers={"If-None-Match": '"other"'}).json() == first.json()


@pytest.mark.contract("apps §1", "decision 47")
def test_nobody_else_gets_a_kept_answer_and_settings_are_not_kept(user: User, api: Api) -> None:
    mine = user.get("courses/")
    assert mine.headers["Cache-Control"] == "private, no-cache"
    assert "authorization" in mine.headers["Vary"].lower().replace(" ", "").split(",")
    assert user.get("settings/").headers["Cache-Control"] == "no-store"
    other = api.register().get("courses/", headers={"If-None-Match": mine.headers["ETag"]})
    assert other.status_code == 200


@pytest.mark.contract("apps §1")
def test_a_change_changes_the_tag(user: User) -> None:
    tags = {path: user.get(path).headers["ETag"] for path in ("courses/", "settings/")}
    user.post("courses/", {"title": "Cell biology"})
    user.patch("settings/", {"motto": "one thing at a time"})
    for path, tag in tags.items():
        assert user.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.contract("apps §1")
def test_a_refusal_has_no_tag(api: Api) -> None:
    refused = api.get("settings/", headers={"If-None-Match": "*"})
    assert (refused.status_code, refused.headers.get("ETag")) == (401, None)


@pytest.mark.contract("apps §1", "identity §15")
@pytest.mark.parametrize("path", ["settings/", "notes/", "planner-events/", "mcp/calls/"])
def test_a_preflight_is_good_for_two_hours(api: Api, path: str) -> None:
    asked = {**PAGE, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    answer = api.request("OPTIONS", path, headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Max-Age"]) == (204, "7200")
    assert "Access-Control-Max-Age" not in api.get(path, headers=PAGE).headers
    foreign = api.request("OPTIONS", path, headers={**asked, "Origin": "https://elsewhere.example"})
    assert (foreign.status_code, foreign.headers.get("Access-Control-Max-Age")) == (204, None)


@pytest.mark.contract("apps §1")
def test_a_read_with_an_unknown_token_waits_for_an_identity_that_restarts(api: Api, stack: Stack) -> None:
    token = api.register().token
    stack.kill("identity")
    starter = threading.Timer(3, stack.start_part, ("identity",))
    starter.start()
    try:
        begun = time.monotonic()
        answer = httpx.get(
            api.url("courses/"), headers={"Authorization": f"Token {token}"}, timeout=20, trust_env=False
        )
        assert answer.status_code == 200, answer.text
        assert time.monotonic() - begun > 2
    finally:
        starter.join()


@pytest.mark.contract("apps §1", "identity §3.4")
def test_a_write_does_not_wait_for_long(api: Api, stack: Stack) -> None:
    token = api.register().token
    stack.kill("identity")
    try:
        begun = time.monotonic()
        headers = {"Authorization": f"Token {token}"}
        answer = httpx.post(api.url("courses/"), json={"title": "T"}, headers=headers, timeout=20, trust_env=False)
        assert (answer.status_code, list(answer.json())) == (503, ["detail"])
        assert time.monotonic() - begun < 9
    finally:
        stack.start_part("identity")
