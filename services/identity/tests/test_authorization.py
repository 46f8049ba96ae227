"""Programs ask for access, get tokens, renew and lose them (RFC 6749, RFC 7591, RFC 7009)."""

from __future__ import annotations

import base64

import httpx
import psycopg
import pytest
from tests.support.client import Api, User, eventually
from tests.support.mcp import rpc
from tests.support.programs import CALLBACK, Program, answered, consent, consent_answer, public_url

from notechondria_contracts.scopes import SCOPES
from notechondria_launcher.stack import Stack
from notechondria_shared.auth.credentials import ACCESS_TOKEN, REFRESH_TOKEN, is_whole

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def ping(api: Api, headers: dict[str, str]) -> httpx.Response:
    return api.request("POST", "/mcp", json=PING, headers=headers)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
def test_the_server_describes_itself(api: Api, stack: Stack, name: str, slash: str) -> None:
    answer = api.get(f"/.well-known/{name}{slash}", headers={"Origin": "https://page.example"})
    found = answer.json()
    issuer = found["issuer"]
    assert issuer == stack.plan.settings.environment("identity")["PUBLIC_BASE_URL"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["client_id_metadata_document_supported"] is True
    assert found["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert found["scopes_supported"] == list(SCOPES)
    assert [found[f"{part}_endpoint"] for part in ("authorization", "token", "registration", "revocation")] == [
        f"{issuer}/oauth/{name}" for name in ("authorize", "token", "register", "revoke")
    ]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ("subject_types_supported" in found) == (name == "openid-configuration")
    assert api.get(found["jwks_uri"].removeprefix(issuer)).json() == {"keys": []}


def test_a_program_registers_itself_is_allowed_and_calls(api: Api, ann: User, program: Program) -> None:
    asked = consent(ann, "check", {"query": program.query()})
    assert asked["kind"] == "ask"
    assert asked["program"]["name"] == "A program"
    assert (asked["program"]["origin"], asked["program"]["host"]) == ("registered", "")
    assert (asked["redirect_host"], asked["is_local"]) == ("program.example", False)
    assert [scope["name"] for scope in asked["scopes"]] == list(SCOPES)
    assert asked["held"] == []
    token = program.connect(ann)
    assert is_whole(token, ACCESS_TOKEN)
    assert is_whole(program.tokens["refresh_token"], REFRESH_TOKEN)
    assert program.tokens["token_type"] == "Bearer"
    assert program.tokens["expires_in"] == 3600
    assert program.tokens["scope"] == " ".join(SCOPES)
    assert ping(api, program.bearer).json()["result"] == {}
    made = rpc(api, token, "tools/call", {"name": "create_note", "arguments": {"title": "By a program"}})["result"]
    assert ann.get(f"notes/{made['structuredContent']['id']}/").json()["title"] == "By a program"
    call = ann.get("mcp/calls/").json()["results"][0]
    mine = ann.get("auth/programs/").json()["programs"][0]
    assert (call["key_id"], [call["program_id"]]) == (None, mine["connection_ids"])
    listed = ann.get("mcp/calls/", params={"program_id": call["program_id"]}).json()
    assert [row["tool"] for row in listed["results"]] == ["create_note"]
    assert consent(ann, "check", {"query": program.query()})["held"] == list(SCOPES)


def test_the_answer_carries_state_and_issuer(ann: User, program: Program) -> None:
    body = {"query": program.query(state="a b&c"), "scopes": ["notes:read"], "days": 1}
    back = consent(ann, "approve", body)
    found = answered(back["url"])
    assert back["url"].startswith(f"{CALLBACK}?")
    assert (found["state"], found["iss"]) == ("a b&c", public_url(program.api))
    refused = answered(consent(ann, "refuse", {"query": program.query()})["url"])
    assert (refused["error"], refused["state"], refused["iss"]) == ("access_denied", "s-1", public_url(program.api))


def test_a_person_may_allow_less_than_was_asked(api: Api, ann: User, program: Program) -> None:
    program.connect(ann, ["planner:write"], days=1)
    assert program.tokens["scope"] == "planner:read planner:write"
    too_much = {"query": program.query(scope="notes:read"), "scopes": ["notes:write"], "days": 30}
    assert consent_answer(ann, "approve", too_much).json() == {
        "scopes": ["Choose at least one of what the program asks for."]
    }
    for body in ({**too_much, "scopes": []}, {**too_much, "scopes": ["notes:read"], "days": 365}):
        assert consent_answer(ann, "approve", body).status_code == 400


def test_a_code_counts_once_and_its_second_use_ends_everything(
    api: Api, stack: Stack, ann: User, program: Program
) -> None:
    code = program.code(ann)
    program.tokens = program.redeem(code).json()
    assert ping(api, program.bearer).status_code == 200
    again = program.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert program.redeem(code).json()["error"] == "invalid_grant"
    with psycopg.connect(stack.database_url("identity")) as identity:
        rows = identity.execute(
            "SELECT detail FROM security_events WHERE user_id = %s AND kind = 'program_disconnected'", [ann.id]
        ).fetchall()
    assert [row for row in rows if "came twice" in row[0]] == [
        ("A program: its code or token came twice, it may have been stolen",)
    ]
    eventually(lambda: ping(api, program.bearer).status_code == 401, seconds=5)
    assert program.refresh().json()["error"] == "invalid_grant"


def test_a_code_is_bound_to_client_redirect_challenge_and_resource(api: Api, ann: User, program: Program) -> None:
    other = Program.registered(api)
    code = program.code(ann)
    other.verifier = program.verifier
    assert other.redeem(code).json()["error"] == "invalid_grant"
    for changed in (
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"code_verifier": "short"},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": None},
        {"code": code + "x"},
    ):
        assert program.redeem(code, **changed).json()["error"] == "invalid_grant", changed
    wrong = program.redeem(code, resource="https://other.example/mcp")
    assert wrong.json()["error"] == "invalid_target"
    assert program.redeem(code, resource=f"{public_url(api)}/mcp/").status_code == 200


def test_a_late_code_is_refused(api: Api, stack: Stack, ann: User, program: Program) -> None:
    code = program.code(ann)
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE oauth_codes SET expires_at = now() - interval '1 second' WHERE used_at IS NULL")
    assert program.redeem(code).json()["error"] == "invalid_grant"


def test_a_refresh_token_is_exchanged_and_the_old_one_ends_the_grant_later(
    api: Api, stack: Stack, ann: User, program: Program
) -> None:
    program.connect(ann)
    first = program.tokens["refresh_token"]
    assert program.refresh().status_code == 200
    assert program.tokens["refresh_token"] != first
    assert program.refresh(first).status_code == 200  # the answer may have been lost
    assert ping(api, program.bearer).status_code == 200
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE oauth_tokens SET used_at = used_at - interval '31 seconds' WHERE used_at IS NOT NULL")
    assert program.refresh(first).json()["error"] == "invalid_grant"
    assert program.refresh().json()["error"] == "invalid_grant"
    eventually(lambda: ping(api, program.bearer).status_code == 401, seconds=5)


def test_a_refresh_may_ask_for_less_and_not_for_more(api: Api, ann: User, program: Program) -> None:
    program.connect(ann, ["notes:read", "planner:read"])
    less = program.refresh(scope="notes:read")
    assert less.json()["scope"] == "notes:read"
    assert program.refresh().json()["scope"] == "notes:read planner:read"
    for more in ("notes:write", "nothing"):
        assert program.refresh(scope=more).json()["error"] == "invalid_scope"


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_program_gives_its_tokens_back(api: Api, ann: User, program: Program, kind: str) -> None:
    program.connect(ann)
    assert ping(api, program.bearer).status_code == 200
    form = {"client_id": program.client_id, "token": program.tokens[kind]}
    stranger = Program.registered(api)
    refused = api.request("POST", "/oauth/revoke", data={**form, "client_id": stranger.client_id})
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    for _ in range(2):
        assert api.request("POST", "/oauth/revoke", data=form).status_code == 200
    eventually(lambda: ping(api, program.bearer).status_code == 401, seconds=5)
    assert program.refresh().status_code == (400 if kind == "refresh_token" else 200)


def test_a_person_sees_and_disconnects_programs(api: Api, ann: User, program: Program) -> None:
    program.connect(ann, ["notes:read"])
    ping(api, program.bearer)
    mine = ann.get("auth/programs/").json()["programs"][0]
    assert (mine["scopes"], len(mine["connection_ids"]), mine["origin"]) == (["notes:read"], 1, "registered")
    assert mine["last_used_at"] is not None
    stranger = api.register()
    assert stranger.get("auth/programs/").json() == {"programs": []}
    assert stranger.delete(f"auth/programs/{mine['id']}/").status_code == 404
    assert consent_answer(stranger, f"programs/{mine['id']}", method="DELETE").status_code == 404
    assert consent_answer(ann, "programs", method="GET").json() == ann.get("auth/programs/").json()
    assert api.get("auth/programs/", headers=program.bearer).status_code == 401  # a token for another resource
    key = {"Authorization": f"Bearer {ann.rotate_key()}"}
    assert api.get("auth/programs/", headers=key).status_code == 403
    assert ann.delete(f"auth/programs/{mine['id']}/").status_code == 204
    eventually(lambda: ping(api, program.bearer).status_code == 401, seconds=5)
    assert program.refresh().json()["error"] == "invalid_grant"
    assert ann.delete(f"auth/programs/{mine['id']}/").status_code == 404


def test_a_client_with_a_secret_shows_it(api: Api, ann: User) -> None:
    made = api.post(
        "/oauth/register", {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_basic"}
    ).json()
    assert made["client_secret_expires_at"] == 0
    program = Program(api, made["client_id"])
    code = program.code(ann)
    refused = program.redeem(code)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": program.verifier,
    }
    for secret, status in (("wrong", 401), (made["client_secret"], 200)):
        basic = base64.b64encode(f"{program.client_id}:{secret}".encode()).decode()
        answer = api.request("POST", "/oauth/token", data=form, headers={"Authorization": f"Basic {basic}"})
        assert answer.status_code == status
        if status == 401:
            assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_registration_is_shown_and_ended_by_its_token(api: Api, ann: User) -> None:
    made = api.post("/oauth/register", {"redirect_uris": ["http://127.0.0.1/cb"]}).json()
    path = made["registration_client_uri"].removeprefix(public_url(api))
    held = {"Authorization": f"Bearer {made['registration_access_token']}"}
    shown = api.get(path, headers=held).json()
    assert shown == {name: made[name] for name in shown}
    other = api.post("/oauth/register", {"redirect_uris": ["http://127.0.0.1/cb"]}).json()
    assert other["client_id"] != made["client_id"]
    for headers in ({}, {"Authorization": f"Bearer {other['registration_access_token']}"}):
        assert api.get(path, headers=headers).status_code == 401
        assert api.request("DELETE", path, headers=headers).status_code == 401
    program = Program(api, made["client_id"], "http://127.0.0.1:54321/cb")
    program.connect(ann)
    assert api.request("DELETE", path, headers=held).status_code == 204
    gone = program.refresh()
    assert (gone.status_code, gone.json()["error"]) == (401, "invalid_client")
    eventually(lambda: ping(api, program.bearer).status_code == 401, seconds=5)


@pytest.mark.parametrize(
    "uri",
    [
        "http://program.example/cb",
        "https://program.example/cb#part",
        "https://user:pass@program.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "urn:ietf:wg:oauth:2.0:oob",
        "https://",
        "/cb",
        "",
        "https://program.example/<b>",
        "https://program.example/" + "x" * 1100,
        "http://localhost.evil.example/cb",
    ],
)
def test_redirects_that_lead_astray_are_not_registered(api: Api, uri: str) -> None:
    answer = api.post("/oauth/register", {"redirect_uris": [uri]})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK] * 11}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"redirect_uris": [CALLBACK], "grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"redirect_uris": [CALLBACK], "response_types": ["token"]}, "invalid_client_metadata"),
        ({"redirect_uris": [CALLBACK], "client_name": 5}, "invalid_client_metadata"),
        ([], "invalid_client_metadata"),
        ("x", "invalid_client_metadata"),
    ],
)
def test_registrations_that_make_no_sense_are_refused(api: Api, body: object, error: str) -> None:
    answer = api.request("POST", "/oauth/register", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_names_are_one_plain_line(api: Api) -> None:
    made = api.post("/oauth/register", {"redirect_uris": [CALLBACK], "client_name": "a\n\u202eb\x07  c" + "x" * 200})
    assert made.json()["client_name"] == ("a b c" + "x" * 200)[:80]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "ncr_x"}, "invalid_grant"),
    ],
)
def test_token_requests_that_cannot_be_are_refused_as_the_protocol_says(
    api: Api, program: Program, form: dict[str, str], error: str
) -> None:
    answer = program.token(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"


def test_bodies_that_are_no_form_are_refused(api: Api, program: Program) -> None:
    twice = f"grant_type=refresh_token&client_id={program.client_id}&client_id={program.client_id}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content, headers in (
        (twice, form),
        ("a=" + "x" * 20_000, form),
        ("a=%ff", form),
        ("a=%00", form),
        ("&".join(f"a{number}=1" for number in range(60)), form),
        ("{}", {"Content-Type": "application/json"}),
    ):
        answer = api.request("POST", "/oauth/token", content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), content[:40]
    unknown = api.request("POST", "/oauth/token", data={"grant_type": "refresh_token", "client_id": "nobody"})
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": f"{CALLBACK}?x=1"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": CALLBACK.upper()},
        {"state": "x" * 2049},
    ],
)
def test_nobody_is_sent_anywhere_before_client_and_redirect_are_proven(
    ann: User, program: Program, changed: dict[str, str | None]
) -> None:
    for step in ("check", "refuse"):
        assert consent(ann, step, {"query": program.query(**changed)})["kind"] == "refused"
    body = {"query": program.query(**changed), "scopes": ["notes:read"], "days": 1}
    assert consent(ann, "approve", body)["kind"] == "refused"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"resource": "https://other.example/mcp"}, "invalid_target"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"prompt": "none"}, "interaction_required"),
        ({"request_uri": "https://evil.example"}, "request_not_supported"),
    ],
)
def test_faults_of_a_proven_program_are_sent_back_to_it(
    ann: User, program: Program, changed: dict[str, str | None], error: str
) -> None:
    for step in ("check", "approve"):
        body = {"query": program.query(**changed), "scopes": ["notes:read"], "days": 1}
        back = consent(ann, step, body)
        found = answered(back["url"])
        assert (back["kind"], found["error"], found["state"]) == ("redirect", error, "s-1")
        assert found["iss"] == public_url(program.api)
        assert back["url"].startswith(f"{CALLBACK}?")


def test_only_web_asks_and_only_for_a_person_with_a_session(api: Api, stack: Stack, ann: User) -> None:
    url = f"{stack.service_url('identity')}/internal/authorization/check"
    for caller in ("mcp", "notes", "planner"):
        headers = stack.internal_header("identity", caller)
        assert httpx.post(url, json={"query": ""}, headers=headers, trust_env=False).status_code == 403
    headers = stack.internal_header("identity", "web")
    assert httpx.post(url, json={"query": ""}, headers=headers, trust_env=False).status_code == 401
    assert api.post("/internal/authorization/check").status_code == 404
