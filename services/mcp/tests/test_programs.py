"""What a program with an access token sees and may do (RFC 6750, RFC 9728)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.client import Api, User
from tests.support.mcp import rpc
from tests.support.programs import Program, public_url

from notechondria_contracts.scopes import SCOPES
from notechondria_shared.auth.credentials import ACCESS_TOKEN, new_secret

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture(scope="module")
def ann(api: Api) -> User:
    return api.register()


@pytest.fixture(scope="module")
def reader(api: Api, ann: User) -> Program:
    """A program that may only read notes."""
    program = Program.registered(api)
    program.connect(ann, ["notes:read"])
    return program


def post(api: Api, body: object, headers: dict[str, str]) -> httpx.Response:
    return api.request("POST", "/mcp", json=body, headers=headers)


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize("path", ["", "/", "/mcp", "/mcp/"])
def test_the_resource_says_who_gives_access(api: Api, path: str) -> None:
    answer = api.get(f"/.well-known/oauth-protected-resource{path}", headers={"Origin": "https://page.example"})
    base = public_url(api)
    assert answer.json() == {
        "resource": f"{base}/mcp",
        "authorization_servers": [base],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "Notechondria",
    }
    assert answer.headers["access-control-allow-origin"] == "*"
    asked = {"Origin": "https://page.example", "Access-Control-Request-Headers": "x-mcp-toolsets, x-mcp-readonly"}
    preflight = api.request("OPTIONS", f"/.well-known/oauth-protected-resource{path}", headers=asked)
    assert preflight.status_code == 204
    assert {"X-MCP-Toolsets", "X-MCP-Readonly"} <= {*preflight.headers["access-control-allow-headers"].split(", ")}


@pytest.mark.contract("mcp §1.2")
@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_without_a_credential_the_answer_says_where_to_ask(api: Api, path: str) -> None:
    metadata = f'resource_metadata="{public_url(api)}/.well-known/oauth-protected-resource/mcp"'
    scope = f'scope="{" ".join(SCOPES)}"'
    for headers in ({}, {"Authorization": "Token abc"}, {"Authorization": "Bearer ntc_" + "0" * 32}):
        answer = api.request("POST", path, json=PING, headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["detail"])
        assert answer.headers["www-authenticate"] == f"Bearer {scope}, {metadata}"
    for token in (new_secret(ACCESS_TOKEN), "nca_short", ACCESS_TOKEN + "x" * 46):
        answer = api.request("POST", path, json=PING, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid access token."})
        assert answer.headers["www-authenticate"] == f'Bearer error="invalid_token", {scope}, {metadata}'


def test_a_program_sees_the_tools_of_its_scopes(api: Api, ann: User) -> None:
    program = Program.registered(api)

    def tools(*scopes: str) -> set[str]:
        return {tool["name"] for tool in rpc(api, program.connect(ann, scopes), "tools/list")["result"]["tools"]}

    notes, planner, profile = tools("notes:read"), tools("planner:read"), tools("profile")
    assert {"list_notes", "get_activity", "list_note_versions", "list_courses"} <= notes
    assert {"list_events", "get_heatmap", "list_note_sessions", "list_calendar_feeds"} <= planner
    assert profile == {"get_profile"}
    assert not notes & planner
    assert tools("notes:read", "planner:read") - notes - planner == {"list_recent_calls"}
    assert {"create_note", "delete_course", "empty_recycle_bin"} <= tools("notes:write") - notes
    assert "create_note_session" not in tools("planner:write")
    everything = tools(*SCOPES)
    with_key = {tool["name"] for tool in rpc(api, ann.rotate_key(), "tools/list")["result"]["tools"]}
    assert with_key - everything == {"update_profile"}


def test_too_small_a_scope_is_403_and_names_what_is_needed(api: Api, reader: Program) -> None:
    metadata = f'resource_metadata="{public_url(api)}/.well-known/oauth-protected-resource/mcp"'
    for name, needed in (
        ("create_note", "notes:read notes:write"),
        ("list_events", "notes:read planner:read"),
        ("create_note_session", "notes:read planner:read planner:write"),
        ("undo_call", "notes:read planner:read notes:write planner:write"),
    ):
        answer = post(api, call(name), reader.bearer)
        assert (answer.status_code, list(answer.json())) == (403, ["detail"])
        challenge = f'Bearer error="insufficient_scope", scope="{needed}", {metadata}'
        assert answer.headers["www-authenticate"] == challenge
    never = post(api, call("update_profile", motto="x"), reader.bearer)
    assert never.headers["www-authenticate"] == f'Bearer error="insufficient_scope", {metadata}'
    assert never.status_code == 403
    assert "isError" not in post(api, call("list_notes"), reader.bearer).json()["result"]


def test_a_step_up_gives_the_program_what_it_lacked(api: Api, ann: User) -> None:
    program = Program.registered(api)
    program.connect(ann, ["notes:read"], scope="notes:read")
    refused = post(api, call("create_note", title="More"), program.bearer)
    more = refused.headers["www-authenticate"].partition('scope="')[2].partition('"')[0]
    program.connect(ann, more.split(), scope=more)
    made = post(api, call("create_note", title="More"), program.bearer).json()["result"]
    assert made["structuredContent"]["title"] == "More"


def test_a_token_counts_at_its_own_resource_only(api: Api, ann: User, reader: Program) -> None:
    rest = Program.registered(api)
    rest.connect(ann, resource=f"{public_url(api)}/api/v1")
    assert api.get("notes/", headers=rest.bearer).status_code == 200
    refused = post(api, PING, rest.bearer)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    for path in ("notes/", "planner-events/", "settings/", "mcp/calls/"):
        answer = api.get(path, headers=reader.bearer)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_instructions_and_resources_leave_out_what_is_not_allowed(api: Api, ann: User) -> None:
    ann.patch("settings/", {"mcp_skill_md": "Be brief."})
    program = Program.registered(api)
    texts = [
        rpc(api, program.connect(ann, scopes), "initialize")["result"]["instructions"]
        for scopes in (["planner:read"], ["planner:read", "profile"])
    ]
    assert ["Be brief." in text for text in texts] == [False, True]
