"""The page on which a person allows a program to act for them, over plain HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pyotp
import pytest
from tests.support.client import Api, User
from tests.support.people import Person, add_authenticator, confirm, forget_steps
from tests.support.programs import CALLBACK, Program, answered, public_url

from notechondria_contracts.scopes import IN_WORDS, NEVER, SCOPES
from notechondria_launcher.stack import Stack

PATH = "/oauth/authorize"


@pytest.fixture(scope="module")
def mia(api: Api) -> User:
    return api.register()


@pytest.fixture
def person(api: Api, mia: User) -> Iterator[Person]:
    with Person(api) as visitor:
        assert visitor.sign_in(mia.username).status_code == 303
        yield visitor


@pytest.fixture
def program(api: Api) -> Program:
    return Program.registered(api)


def shown(person: Person, query: str) -> str:
    answer = person.http.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def send(person: Person, page: str, *scopes: str, **fields: str) -> httpx.Response:
    """The form of a page, with these boxes ticked."""
    (action,) = re.findall(r'action="(/oauth/authorize[^"]*)"', page)
    sent = {**person.hidden(page, action), **{f"allow:{scope}": "on" for scope in scopes}, **fields}
    return person.http.post(html.unescape(action), data=sent)


def test_the_page_says_who_asks_for_what_and_where_the_answer_goes(person: Person, mia: User, program: Program) -> None:
    answer = person.http.get(f"{PATH}?{program.query()}")
    page = html.unescape(answer.text)
    assert f"A program asks to act for you, {mia.username}." in page
    assert '<span class="host">program.example</span>' in page
    assert "nobody: it registered itself" in page
    assert "Go on only if you know program.example" in page
    for words in (*IN_WORDS.values(), *NEVER):
        assert words in page
    assert page.count('type="checkbox"') == page.count(" checked>") == len(SCOPES)
    assert 'value="30" checked' in page
    policy = answer.headers["content-security-policy"]
    assert "form-action 'self' https://program.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in page


def test_a_stranger_signs_in_first_and_comes_back(api: Api, mia: User, program: Program) -> None:
    with Person(api) as visitor:
        led = visitor.http.get(f"{PATH}?{program.query(state='a b')}")
        assert (led.status_code, led.headers["location"].partition("?")[0]) == (303, "/account/sign-in/")
        form = visitor.http.get(led.headers["location"]).text
        fields = {**visitor.hidden(form), "identifier": mia.username, "password": mia.password}
        back = visitor.post("sign-in/", **fields)
        assert back.headers["location"].startswith(f"{PATH}?")
        page = visitor.http.get(back.headers["location"])
        assert page.status_code == 200
        assert answered(send(visitor, page.text, "notes:read", answer="allow", days="1").headers["location"])["code"]


def test_what_is_ticked_is_what_the_program_gets(api: Api, person: Person, program: Program) -> None:
    page = shown(person, program.query())
    back = send(person, page, "planner:read", "notes:write", answer="allow", days="1")
    assert back.status_code == 303
    found = answered(back.headers["location"])
    assert back.headers["location"].startswith(f"{CALLBACK}?")
    assert (found["state"], found["iss"]) == ("s-1", public_url(api))
    tokens = program.redeem(found["code"]).json()
    assert tokens["scope"] == "notes:read planner:read notes:write"
    again = shown(person, program.query())
    assert again.count("(new)") == len(SCOPES) - 3


def test_refusing_goes_back_without_a_code(person: Person, program: Program) -> None:
    for fields in ({"answer": "refuse"}, {}, {"answer": "x"}):
        back = send(person, shown(person, program.query()), *SCOPES, days="30", **fields)
        found = answered(back.headers["location"])
        assert (found["error"], "code" in found) == ("access_denied", False)


def test_nothing_ticked_is_asked_again(person: Person, program: Program) -> None:
    page = shown(person, program.query())
    again = send(person, page, answer="allow", days="30")
    assert again.status_code == 400
    assert "Choose at least one of what the program asks for." in again.text
    assert " checked>" not in again.text
    assert 'value="30" checked' in again.text
    late = send(person, page, "notes:read", answer="allow", days="365")
    assert (late.status_code, "Choose how long it may go on." in late.text) == (400, True)
    more = send(person, shown(person, program.query(scope="notes:read")), "notes:write", answer="allow", days="1")
    assert more.status_code == 400


def test_forms_of_others_are_refused(api: Api, person: Person, program: Program) -> None:
    query = program.query()
    other = api.register()
    with Person(api) as stranger:
        stranger.sign_in(other.username)
        theirs = stranger.hidden(shown(stranger, query))["csrf"]
    for token in ("", "x" * 64, theirs):
        fields = {"csrf": token, "answer": "allow", "days": "1", "allow:notes:read": "on"}
        answer = person.http.post(f"{PATH}?{query}", data=fields)
        assert answer.status_code == 403
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
def test_who_is_not_proven_is_answered_nowhere(
    person: Person, program: Program, changed: dict[str, str | None]
) -> None:
    answer = person.http.get(f"{PATH}?{program.query(**changed)}")
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert "evil.example" not in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_requests_that_cannot_be_read_are_a_page(person: Person, program: Program) -> None:
    query = program.query()
    for text in (f"{query}&client_id=x", "", "a=" + "x" * 9000, "client_id=%ff", "&".join(["a"] * 100)):
        answer = person.http.get(f"{PATH}?{text}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8"), text[:60]
    assert person.http.get(f"{PATH}/?{query}").headers["location"] == f"{PATH}?{query}"


def test_faults_of_a_proven_program_go_back_to_it(person: Person, program: Program) -> None:
    back = person.http.get(f"{PATH}?{program.query(code_challenge_method='plain')}")
    assert (back.status_code, answered(back.headers["location"])["error"]) == (303, "invalid_request")


def test_a_program_on_the_own_device_is_warned_of(api: Api, person: Person) -> None:
    program = Program.registered(api, "http://127.0.0.1/callback")
    program.redirect_uri = "http://127.0.0.1:49152/callback"
    answer = person.http.get(f"{PATH}?{program.query()}")
    assert "a program on the device you are sitting at" in answer.text
    assert "form-action 'self' http://127.0.0.1:49152;" in answer.headers["content-security-policy"]
    app = Program.registered(api, "cursor://anysphere.cursor-mcp/oauth/callback")
    page = shown(person, app.query())
    assert '<span class="host">cursor:</span>' in page
    left = send(person, page, "notes:read", answer="allow", days="1")
    assert left.status_code == 200
    (url,) = re.findall(r'href="(cursor://[^"]+)"', left.text)
    assert app.redeem(answered(html.unescape(url))["code"]).status_code == 200


def test_names_are_text_and_nothing_else(api: Api, person: Person) -> None:
    name = '<b onclick="x">Claude</b> {username} {0}'
    program = Program.registered(api, client_name=name)
    page = shown(person, program.query(state='"><script>'))
    assert "<b onclick" not in page
    assert name in html.unescape(page)
    assert "<script>" not in page
    unnamed = Program.registered(api, client_name=None)
    assert "a program without a name asks" in shown(person, unnamed.query())


def test_a_person_sees_and_disconnects_programs_on_a_page(api: Api, mia: User, person: Person) -> None:
    name = f"<i>Helper</i> of {mia.username}"
    program = Program.registered(api, client_name=name)
    program.connect(mia, ["planner:write"])
    program.connect(mia, ["notes:read"])
    ping = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_notes"}}
    assert api.request("POST", "/mcp", json=ping, headers=program.bearer).status_code == 200
    led = person.get("programs/")
    assert (led.status_code, led.headers["location"]) == (303, "/account/agents/")
    page = person.get("agents/").text
    (row,) = [part for part in page.split("<li>\n<div>") if html.escape(name) in part]
    assert "<i>Helper" not in page
    assert "2 connections." in row
    assert "in the last 90 days: 1." in row
    (action,) = re.findall(r'href="(/account/agents/programs/\d+/disconnect/)"', row)
    asked = person.get(action.removeprefix("/account/")).text
    for token, status in (("x", 403), (person.hidden(asked, action)["csrf"], 303)):
        assert person.post(action, csrf=token).status_code == status
    again = person.get("agents/")
    assert "The program is disconnected." in again.text
    assert html.escape(name) not in again.text
    assert person.post(action, csrf=person.hidden(asked, action)["csrf"]).status_code == 404
    assert program.refresh().json()["error"] == "invalid_grant"
    assert "/account/agents/" in person.get("").text


def test_a_second_factor_stands_before_the_page(api: Api, stack: Stack, program: Program) -> None:
    mine = api.register()
    with Person(api) as person:
        person.sign_in(mine.username)
        confirm(person)
        secret, _ = add_authenticator(person)
    forget_steps(stack, mine)
    query = program.query()
    with Person(api) as visitor:
        led = visitor.http.get(f"{PATH}?{query}")
        form = visitor.http.get(led.headers["location"]).text
        fields = {**visitor.hidden(form), "identifier": mine.username, "password": mine.password}
        step = visitor.post("sign-in/", **fields)
        assert "One more step" in step.text
        assert visitor.http.get(f"{PATH}?{query}").status_code == 303  # not signed in yet
        done = visitor.post("second-step/", **visitor.hidden(step.text), code=pyotp.TOTP(secret).now())
        assert done.headers["location"] == f"{PATH}?{query}"
        back = send(visitor, shown(visitor, query), "notes:read", answer="allow", days="1")
        assert program.redeem(answered(back.headers["location"])["code"]).status_code == 200
