"""The attacks of OAuth 2.0 Security Best Current Practice (RFC 9700) on programs' access, each refused."""

from __future__ import annotations

import asyncio
import random
import secrets
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from notechondria_contracts.scopes import SCOPES
from notechondria_launcher.stack import Stack
from tests.support.client import Api, User, eventually
from tests.support.people import Person
from tests.support.programs import CALLBACK, Program, answered, consent, consent_answer, pkce, public_url

PATH = "/oauth/authorize"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture(scope="module")
def victim(api: Api) -> User:
    return api.register()


@pytest.fixture
def program(api: Api) -> Program:
    return Program.registered(api)


@pytest.fixture
def browser(api: Api, victim: User) -> Iterator[Person]:
    """The victim's, signed in."""
    with Person(api) as person:
        assert person.sign_in(victim.username).status_code == 303
        yield person


def ping(api: Api, token: str, scheme: str = "Bearer") -> int:
    return api.request("POST", "/mcp", json=PING, headers={"Authorization": f"{scheme} {token}"}).status_code


def grants(stack: Stack, user: User) -> int:
    with psycopg.connect(stack.database_url("identity")) as identity:
        row = identity.execute("SELECT count(*) FROM oauth_grants WHERE user_id = %s", [user.id]).fetchone()
    assert row is not None
    return int(row[0])


def test_a_stolen_code_is_worth_nothing_in_another_instance(victim: User, program: Program) -> None:
    """Code injection, RFC 9700 §4.5: the thief's instance of the same program has another verifier."""
    code = program.code(victim)
    thief = Program(program.api, program.client_id)
    thief.verifier, _ = pkce()
    assert thief.redeem(code).json()["error"] == "invalid_grant"
    assert program.redeem(code).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": ""},
    ],
)
def test_the_proof_of_the_code_cannot_be_left_out(
    victim: User, program: Program, changed: dict[str, str | None]
) -> None:
    """PKCE downgrade, RFC 9700 §4.8.2."""
    body = {"query": program.query(**changed), "scopes": ["notes:read"], "days": 1}
    assert answered(consent(victim, "approve", body)["url"])["error"] == "invalid_request"
    code = program.code(victim)
    assert program.redeem(code, code_verifier=None).json()["error"] == "invalid_grant"


def test_every_answer_says_who_gives_it(victim: User, program: Program) -> None:
    """Mix-up, RFC 9700 §4.4 and RFC 9207."""
    body = {"query": program.query(), "scopes": ["notes:read"], "days": 1}
    answers = [
        consent(victim, "approve", body),
        consent(victim, "refuse", {"query": program.query()}),
        consent(victim, "check", {"query": program.query(scope="nothing")}),
    ]
    assert {answered(one["url"])["iss"] for one in answers} == {public_url(program.api)}


ASTRAY = [
    "https://evil.example/callback",
    "https://program.example.evil.example/callback",
    "https://program.example@evil.example/callback",
    "https://program.example/callback/../evil",
    "https://program.example/callback%2f..%2fevil",
    "https://program.example/callback?next=https://evil.example",
    "https://program.example/callback#x",
    "https://program.example:8443/callback",
    "https://PROGRAM.example/callback",
    "http://program.example/callback",
    "//evil.example/callback",
    "javascript:alert(1)//https://program.example/callback",
    "https://program.example/callback\\@evil.example",
    " https://program.example/callback",
]


@pytest.mark.parametrize("uri", ASTRAY)
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    api: Api, browser: Person, program: Program, uri: str
) -> None:
    """Insufficient redirect validation and open redirectors, RFC 9700 §4.1, §4.11."""
    for step in (program.query(redirect_uri=uri), program.query(redirect_uri=uri, response_type="nonsense")):
        answer = browser.http.get(f"{PATH}?{step}")
        assert (answer.status_code, "location" in answer.headers) == (400, False)
        assert "evil.example" not in answer.text
    with Person(api) as stranger:
        led = stranger.http.get(f"{PATH}?{program.query(redirect_uri=uri)}")
        assert led.headers["location"].startswith("/account/sign-in/")


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost:4000/cb",
        "http://127.0.0.1:4000/other",
        "http://127.0.0.1:4000/cb?x=1",
        "https://127.0.0.1:4000/cb",
        "http://[::1]:4000/cb",
        "http://127.0.0.1:99999/cb",
    ],
)
def test_only_the_port_of_the_own_machine_may_differ(api: Api, victim: User, uri: str) -> None:
    """RFC 8252 §7.3 and no further."""
    program = Program.registered(api, "http://127.0.0.1/cb")
    assert consent(victim, "check", {"query": program.query(redirect_uri=uri)})["kind"] == "refused"
    assert consent(victim, "check", {"query": program.query(redirect_uri="http://127.0.0.1:4000/cb")})["kind"] == "ask"
    bare = Program.registered(api, "http://127.0.0.1")
    assert consent(victim, "check", {"query": bare.query(redirect_uri="http://127.0.0.1:4000/")})["kind"] == "ask"


def test_the_redirect_of_another_program_is_not_ones_own(api: Api, victim: User, program: Program) -> None:
    evil = Program.registered(api, "https://evil.example/callback")
    for client, uri in ((program, evil.redirect_uri), (evil, CALLBACK)):
        assert consent(victim, "check", {"query": client.query(redirect_uri=uri)})["kind"] == "refused"
    code = program.code(victim)
    evil.verifier = program.verifier
    assert evil.redeem(code).json()["error"] == "invalid_grant"
    assert evil.redeem(code, client_id=program.client_id).json()["error"] == "invalid_grant"


def test_a_code_that_is_replayed_ends_what_it_gave(api: Api, victim: User, program: Program) -> None:
    """RFC 9700 §4.5 and RFC 6749 §4.1.2; also when both come at the same time."""
    code = program.code(victim)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: program.redeem(code), range(8)))
    first = [answer for answer in answers if answer.status_code == 200]
    assert len(first) == 1
    assert {answer.json()["error"] for answer in answers if answer not in first} == {"invalid_grant"}
    program.tokens = first[0].json()
    eventually(lambda: ping(api, program.tokens["access_token"]) == 401, seconds=5)
    assert program.refresh().json()["error"] == "invalid_grant"


def test_a_stolen_refresh_token_ends_the_grant_of_both(api: Api, stack: Stack, victim: User, program: Program) -> None:
    """RFC 9700 §4.14.2: whichever of the two comes second shows that there are two."""
    program.connect(victim)
    stolen = program.tokens["refresh_token"]
    thief = Program(api, program.client_id)
    assert thief.refresh(stolen).status_code == 200
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE oauth_tokens SET used_at = used_at - interval '1 minute' WHERE used_at IS NOT NULL")
    assert program.refresh().json()["error"] == "invalid_grant"
    eventually(lambda: ping(api, program.tokens["access_token"]) == 401, seconds=5)
    another = Program.registered(api)
    program.connect(victim)
    assert another.refresh(program.tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert program.refresh().status_code == 200  # somebody else's try did no harm


def test_tokens_are_not_taken_for_each_other(api: Api, victim: User, program: Program) -> None:
    """Audience and kind, RFC 9700 §2.3 and RFC 8707: nothing opens what it was not made for."""
    program.connect(victim)
    access, refresh = program.tokens["access_token"], program.tokens["refresh_token"]
    assert ping(api, access) == 200
    assert ping(api, refresh) == 401
    assert ping(api, victim.token) == 401
    for scheme in ("Token", "Basic", "MAC"):
        assert ping(api, access, scheme) == 401
    for token in (access, refresh):
        for scheme in ("Bearer", "Token"):
            answer = api.get("auth/sessions/", headers={"Authorization": f"{scheme} {token}"})
            assert answer.status_code == 401
    assert program.refresh(access).json()["error"] == "invalid_grant"
    assert program.redeem(refresh).json()["error"] == "invalid_grant"
    # Never in an address, where it is written down (RFC 9700 §4.3.2).
    assert api.request("POST", f"/mcp?access_token={access}", json=PING).status_code == 401
    assert api.request("POST", "/mcp", json=PING, params={"token": access}).status_code == 401


def test_a_program_does_not_widen_what_it_was_allowed(api: Api, victim: User, program: Program) -> None:
    program.connect(victim, ["notes:read"])
    assert program.refresh(scope=" ".join(SCOPES)).json()["error"] == "invalid_scope"
    code = program.code(victim, ["notes:read"])
    assert program.redeem(code, scope=" ".join(SCOPES)).json()["scope"] == "notes:read"
    asked = {"query": program.query(scope="notes:read"), "scopes": list(SCOPES), "days": 30}
    assert consent_answer(victim, "approve", asked).status_code == 400


def test_consent_cannot_be_framed(api: Api, browser: Person, program: Program) -> None:
    """Clickjacking, RFC 9700 §4.16."""
    for path in (f"{PATH}?{program.query()}", f"{PATH}?client_id=x", "/account/", "/account/sign-in/"):
        answer = browser.http.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_consent_cannot_be_given_by_another_page(api: Api, stack: Stack, victim: User, browser: Person) -> None:
    """Cross-site request forgery, RFC 9700 §4.7: the victim's cookie alone says nothing."""
    program = Program.registered(api, "https://evil.example/callback")
    query, before = program.query(), grants(stack, victim)
    fields = {"answer": "allow", "days": "30", **{f"allow:{scope}": "on" for scope in SCOPES}}
    for body in (fields, {**fields, "csrf": "0" * 64}, {**fields, "csrf": ""}):
        answer = browser.http.post(f"{PATH}?{query}", data=body, headers={"Origin": "https://evil.example"})
        assert (answer.status_code, "location" in answer.headers) == (403, False)
    assert grants(stack, victim) == before
    # By an address alone nothing is ever allowed.
    for method in ("GET", "HEAD"):
        browser.http.request(method, f"{PATH}?{query}&answer=allow&days=30&allow:notes:read=on")
    assert grants(stack, victim) == before


def test_redirects_do_not_repeat_what_was_typed(browser: Person, program: Program) -> None:
    """RFC 9700 §4.12: 303, so that no browser posts a form again elsewhere."""
    query = program.query()
    page = browser.http.get(f"{PATH}?{query}").text
    fields = {**browser.hidden(page), "answer": "refuse"}
    assert browser.http.post(f"{PATH}?{query}", data=fields).status_code == 303


def test_a_client_id_does_not_make_this_server_look_inside(victim: User, api: Api) -> None:
    """Server-side request forgery, RFC 9700 §4.11 and RFC 7591 §5: a socket here sees nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.5)
        port = listening.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "[::ffff:127.0.0.1]"):  # noqa: S104
            program = Program(api, f"https://{host}:{port}/client.json")
            assert consent(victim, "check", {"query": program.query()})["kind"] == "refused"
        with pytest.raises(TimeoutError):
            listening.accept()
    made = api.post(
        "/oauth/register", {"redirect_uris": [CALLBACK], "jwks_uri": "http://169.254.169.254/", "logo_uri": "x"}
    )
    assert made.status_code == 201
    assert "jwks_uri" not in made.json()


def test_names_do_not_pass_for_more_than_they_are(api: Api, browser: Person) -> None:
    """Phishing: whoever registers may call itself anything; the page says what is known, and what is not."""
    program = Program.registered(api, "https://evil.example/callback", client_name="Claude by Anthropic (verified)")
    page = browser.http.get(f"{PATH}?{program.query()}").text
    assert "nobody: it registered itself, under a name of its choice" in page
    assert '<span class="host">evil.example</span>' in page
    assert "Go on only if you know evil.example" in page


def test_many_at_once_break_nothing(api: Api, victim: User, program: Program) -> None:
    program.connect(victim)
    sent = program.tokens["refresh_token"]
    with ThreadPoolExecutor(10) as threads:
        statuses = list(threads.map(lambda _: program.refresh(sent).status_code, range(20)))
    assert statuses == [200] * 20  # within the half minute for answers that get lost


def test_noise_is_refused_in_the_protocols_words(api: Api) -> None:
    """Whatever comes: a refusal as the protocol has it, no page, and never a failure of ours."""
    noise = random.Random(9700)  # noqa: S311 - the same noise each time
    names = ["grant_type", "client_id", "code", "refresh_token", "token", "scope", "resource", "redirect_uri", "x"]
    values = [
        "",
        "authorization_code",
        "refresh_token",
        "nca_" + "x" * 46,
        "ncr_" + "0" * 46,
        "a" * 5000,
        "\ud7ff",
        "%00",
        "[]",
        "null",
    ]

    async def send() -> list[tuple[str, httpx.Response]]:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            answers = []
            for _ in range(150):
                path = noise.choice(
                    ["/oauth/token", "/oauth/revoke", "/oauth/register", "/oauth/register/x", "/oauth/jwks"]
                )
                form = {noise.choice(names): noise.choice(values) for _ in range(noise.randrange(5))}
                headers = noise.choice(
                    [
                        {},
                        {"Authorization": "Basic !!!"},
                        {"Authorization": "Basic Og=="},
                        {"Authorization": "Bearer x"},
                    ]
                )
                method = noise.choice(["POST", "POST", "POST", "GET", "DELETE", "PUT"])
                how: dict[str, Any] = noise.choice(
                    [{"data": form}, {"json": form}, {"content": secrets.token_bytes(50)}, {"json": [form]}]
                )
                answers.append(
                    (f"{method} {path} {how}", await http.request(method, api.url(path), headers=headers, **how))
                )
            return answers

    for what, answer in asyncio.run(send()):
        assert answer.status_code < 500, what
        assert "html" not in answer.headers.get("content-type", ""), what
