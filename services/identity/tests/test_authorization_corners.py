"""What programs send that differ from the SDKs: redirects of any form, several resources, methods, error texts."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tests.support.client import Api, User
from tests.support.people import Person, words
from tests.support.programs import Program, answered, consent, public_url

from notechondria_contracts.scopes import SCOPES

METADATA = (
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration/",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp/",
    "/oauth/jwks",
)


@pytest.mark.parametrize("path", METADATA)
def test_metadata_answers_head_as_get(api: Api, path: str) -> None:
    head, get = api.request("HEAD", path), api.get(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "cache-control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    "uri",
    [
        "myapp:///done",
        "myapp://",
        "myapp:/done",
        "com.example.app:done",
        "exp://127.0.0.1:8081/--/done",
        "https://program.example",
        "https://program.example//done",
        "https://program.example/done;a=b",
        "https://program.example/done?",
        "https://program.example/done?a=%20b",
        "https://my_host.example/done",
        "https://[2001:db8::1]/done",
        "http://[::1]:3000/done",
    ],
)
def test_the_answer_is_added_to_the_redirect_as_it_was_registered(api: Api, ann: User, uri: str) -> None:
    """RFC 6749 §3.1.2: the program finds its own address again, not one that means the same to somebody."""
    program = Program.registered(api, uri)
    back = consent(ann, "approve", {"query": program.query(), "scopes": ["notes:read"], "days": 1})["url"]
    joint = "" if uri.endswith("?") else "&" if "?" in uri else "?"
    assert back.startswith(f"{uri}{joint}code=")
    assert program.redeem(answered(back)["code"]).status_code == 200


@pytest.mark.parametrize("host", ["*.example", "a;b", "a,b", "a'b", "a%2eexample", "(a)", "a!b", "$a"])
def test_hosts_that_are_none_are_not_registered(api: Api, host: str) -> None:
    """The host is named in a Content-Security-Policy, where such signs mean something."""
    answer = api.post("/oauth/register", {"redirect_uris": [f"https://{host}/done"]})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


def test_a_resource_may_come_twice_if_it_is_the_same(api: Api, ann: User, program: Program) -> None:
    """RFC 8707 §2: several are allowed there; ours are for one each."""
    base = public_url(api)
    again = f"&{urlencode({'resource': f'{base}/mcp/'})}"
    for other in (f"{base}/api/v1", "https://other.example/mcp", base):
        refused = consent(ann, "check", {"query": f"{program.query()}&{urlencode({'resource': other})}"})
        assert answered(refused["url"])["error"] == "invalid_target"
        assert f"{base}/mcp or {base}/api/v1" in answered(refused["url"])["error_description"]
    back = consent(ann, "approve", {"query": program.query() + again, "scopes": ["notes:read"], "days": 1})
    code = answered(back["url"])["code"]
    form = [
        ("grant_type", "authorization_code"),
        ("client_id", program.client_id),
        ("code", code),
        ("redirect_uri", program.redirect_uri),
        ("code_verifier", program.verifier),
        ("resource", f"{base}/mcp"),
    ]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for more, error in (([("resource", f"{base}/api/v1")], "invalid_target"), ([("code", code)], "invalid_request")):
        answer = api.request("POST", "/oauth/token", content=urlencode(form + more), headers=kind)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    twice = urlencode([*form, ("resource", f"{base}/mcp/")])
    assert api.request("POST", "/oauth/token", content=twice, headers=kind).status_code == 200


def test_refusals_say_what_to_do(api: Api, ann: User, program: Program) -> None:
    refused = answered(consent(ann, "check", {"query": program.query(scope="openid offline_access")})["url"])
    assert refused["error"] == "invalid_scope"
    assert ", ".join(SCOPES) in refused["error_description"]
    code = program.code(ann)
    wrong = program.redeem(code, code_verifier="x" * 43).json()
    assert (wrong["error"], "code_verifier" in wrong["error_description"]) == ("invalid_grant", True)
    nobody = api.request("POST", "/oauth/token", data={"grant_type": "authorization_code", "code": code})
    assert (nobody.status_code, nobody.json()["error_description"]) == (401, "client_id is missing.")
    gone = program.redeem(code, client_id="program-x").json()
    assert (gone["error"], "register anew" in gone["error_description"]) == ("invalid_client", True)


def test_a_program_that_gives_its_access_back_is_in_the_security_log_once(api: Api, ann: User) -> None:
    program = Program.registered(api, client_name="A polite program")
    program.connect(ann)
    for token in ("access_token", "refresh_token", "refresh_token"):
        form = {"client_id": program.client_id, "token": program.tokens[token]}
        assert api.request("POST", "/oauth/revoke", data=form).status_code == 200
    with Person(api) as person:
        person.sign_in(ann.username)
        page = words(person.get("log/").text)
    assert page.count("Program disconnected: A polite program: it gave its access back") == 1


@pytest.mark.parametrize("token", ["eyJhbGciOiJub25lIn0.e30.", "ncr_" + "x" * 46, "of-another-server"])
def test_a_token_of_somebody_else_is_called_invalid(api: Api, token: str) -> None:
    """RFC 6750 §3.1: the client drops it and asks for another, instead of taking the answer for its first."""
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answer = api.request("POST", "/mcp", json=ping, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token", ')
