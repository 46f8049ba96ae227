"""What a program's access token opens in REST, and what no program may do (RFC 6750 §3.1)."""

from __future__ import annotations

import pytest

from notechondria_contracts.scopes import SCOPES
from tests.support.client import Api, User, eventually
from tests.support.documents import operations
from tests.support.programs import Program, public_url

NEEDED = 'Bearer error="insufficient_scope"'


@pytest.fixture(scope="module")
def ann(api: Api) -> User:
    return api.register()


def connected(api: Api, ann: User, *scopes: str) -> dict[str, str]:
    program = Program.registered(api)
    program.connect(ann, scopes, resource=f"{public_url(api)}/api/v1")
    return program.bearer


def test_a_scope_opens_its_service_and_no_other(api: Api, ann: User) -> None:
    course = ann.get("courses/").json()[0]["id"]
    calls = (
        ("GET", "notes/", None, "notes:read"),
        ("POST", "notes/", {"title": "By a program", "course_id": course}, "notes:read notes:write"),
        ("GET", "front-page/", None, "notes:read"),
        ("GET", "planner-events/", None, "planner:read"),
        ("POST", "planner-events/", {"title": "Do", "event_date": "2026-05-06"}, "planner:read planner:write"),
        ("GET", "heatmap/", None, "planner:read"),
        ("GET", "activity/week/", None, "planner:read"),
        ("GET", "settings/", None, "profile"),
    )
    for held in ("notes:read", "planner:read", "notes:write", "planner:write", "profile"):
        headers = connected(api, ann, held)
        mine = {held, held.replace("write", "read")}
        for method, path, body, needed in calls:
            answer = api.request(method, path, json=body, headers=headers)
            if set(needed.split()) <= mine:
                assert answer.is_success, (held, path, answer.text)
            else:
                assert answer.status_code == 403, (held, path)
                together = " ".join(scope for scope in SCOPES if scope in mine | set(needed.split()))
                assert answer.headers["www-authenticate"] == f'{NEEDED}, scope="{together}"'


def test_no_program_decides_over_the_account(api: Api, ann: User) -> None:
    headers = connected(api, ann, *SCOPES)
    ann.rotate_key()
    assert api.get("settings/", headers=headers).json()["api_key_prefix"] == ""
    assert ann.get("settings/").json()["api_key_prefix"].startswith("ntc_")
    tried = 0
    for method, path, operation in operations("identity"):
        if not operation.get("security") or (method, path) == ("GET", "/api/v1/settings/"):
            continue
        target = path.replace("{", "").replace("}", "") if "_id}" not in path else None
        answer = api.request(method, target or path.partition("{")[0] + "1/", headers=headers)
        if {} in operation["security"] and answer.status_code in {400, 404}:
            continue  # public, and refused for what was not sent
        assert answer.status_code == 403, (method, path, answer.text)
        assert answer.headers["www-authenticate"].startswith(NEEDED)
        tried += 1
    assert tried > 15
    assert ann.get("auth/session/").json()["authenticated"] is True


def test_the_log_of_agents_is_for_the_person(api: Api, ann: User) -> None:
    headers = connected(api, ann, *SCOPES)
    for method, path, _ in operations("mcp"):
        answer = api.request(method, path.replace("{call_id}", "1"), headers=headers)
        assert answer.status_code == 403, path


def test_a_service_behind_the_gateway_is_for_people_and_keys(api: Api, ann: User) -> None:
    stack = api.stack
    headers = connected(api, ann, *SCOPES)
    answer = api.http.get(f"{stack.service_url('identity')}/internal/forward-auth", headers=headers)
    assert answer.status_code == 403


def test_what_is_taken_back_is_gone_everywhere_within_a_second(api: Api, ann: User) -> None:
    rest, mcp = Program.registered(api, client_name="Rest"), Program.registered(api, client_name="Mcp")
    rest.connect(ann, resource=f"{public_url(api)}/api/v1")
    mcp.connect(ann)
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    reads: list[tuple[str, str, dict[str, object] | None, Program]] = [
        ("GET", path, None, rest) for path in ("notes/", "planner-events/", "settings/")
    ]
    calls = [*reads, ("POST", "/mcp", body, mcp)]

    def statuses() -> list[int]:
        return [
            api.request(method, path, json=sent, headers=program.bearer).status_code
            for method, path, sent, program in calls
        ]

    assert statuses() == [200] * 4  # and all services keep the answer of identity for half a minute
    ids = {one["name"]: one["id"] for one in ann.get("auth/programs/").json()["programs"]}
    for name in ("Rest", "Mcp"):
        assert ann.delete(f"auth/programs/{ids[name]}/").status_code == 204
    eventually(lambda: statuses() == [401] * 4, seconds=1, what="all services refuse")
