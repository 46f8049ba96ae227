"""Anything in any field of any endpoint is read or refused with a 4xx in JSON, never a 5xx (all request models)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.client import Api, User
from tests.support.documents import SERVICES, openapi, operations


def models(operation: dict[str, Any]) -> list[str]:
    """The request models of an operation: usually one."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return [part["$ref"].rpartition("/")[2] for part in schema.get("anyOf", [schema])]


BODIES = [
    (service, method, path, model)
    for service in SERVICES
    for method, path, operation in operations(service)
    if "application/json" in operation.get("requestBody", {}).get("content", {})
    for model in models(operation)
]
# These end the very credential the test goes on with.
SPARED = {"/api/v1/auth/account/", "/api/v1/auth/change-password/"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NASTY: list[Any] = [
    "a\x00b",
    "x" * 1_000_000,
    2**63,
    -(2**70),
    1e308,
    "99999-99-99",
    "0000-00-00T00:00:00",
    "9999-12-31T23:59:59-23:59",
    "\u202e\ufffe",
    "1" * 5000,
    [[[[[[[[[[1]]]]]]]]]],
]


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


@pytest.fixture(scope="module")
def ids(user: User) -> dict[str, str]:
    """An own object for every path parameter, so that bodies are looked at."""
    note = user.post("notes/", {"title": "Fuzzed", "content": "some words"}).json()
    course = user.post("courses/", {"title": f"Fuzzed {user.username}"}).json()
    event = user.post("planner-events/", {"title": "Fuzzed", "event_date": "2030-01-01"}).json()
    session = user.post("note-sessions/", {"note_id": note["id"]}).json()
    known = {
        "note_id": note["id"],
        "note_uuid": note["uuid"],
        "uuid": note["uuid"],
        "course_id": course["id"],
        "event_id": event["id"],
        "session_id": session["id"],
    }
    return {name: str(value) for name, value in known.items()}


def fields(service: str, reference: str) -> list[str]:
    schema = openapi(service)["components"]["schemas"][reference]
    return sorted(schema.get("properties", {}))


def send(user: User, method: str, path: str, body: Any) -> None:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    answer = user.request(method, path, content=content, headers={"Content-Type": "application/json"})
    # 501 is the answer of what this server does not offer (apps §5).
    assert answer.status_code < 500 or answer.status_code == 501, (method, path, repr(body)[:500], answer.text)
    if answer.content:
        assert answer.headers["content-type"].startswith("application/json"), answer.text[:200]
    if answer.status_code == 400:
        assert isinstance(answer.json(), dict | list)


@pytest.mark.contract("identity §3")
@pytest.mark.parametrize(
    ("service", "method", "path", "reference"),
    BODIES,
    ids=[f"{one[1]} {one[2]} {one[3].rpartition('/')[2]}" for one in BODIES],
)
def test_no_body_breaks_an_endpoint(
    user: User, ids: dict[str, str], service: str, method: str, path: str, reference: str
) -> None:
    if path in SPARED:
        user = user.api.register()
    filled = path.format_map(_Ids(ids))
    names = fields(service, reference)
    for name in names:
        for value in NASTY:
            send(user, method, filled, {name: value})
    send(user, method, filled, dict.fromkeys(names, "a\x00b"))

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(names or ["unknown"]), json_values, max_size=len(names) or 1))
    def anything(body: dict[str, Any]) -> None:
        send(user, method, filled, body)

    anything()


class _Ids(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "1"


def test_every_endpoint_is_documented_with_its_errors() -> None:
    for service in SERVICES:
        for method, path, operation in operations(service):
            where = f"{method} {path}"
            assert operation.get("summary"), where
            assert operation.get("description"), where
            if "security" in operation:
                assert "401" in operation["responses"], where
            if "requestBody" in operation:
                assert "400" in operation["responses"], where
            assert "422" not in operation["responses"], where
