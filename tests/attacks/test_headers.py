"""Headers by which a browser protects its user, and whose pages may call agents' endpoint (decision 47)."""

from __future__ import annotations

import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User
from tests.support.gateway import another_gateway


@pytest.fixture(scope="module")
def person(api: Api) -> User:
    return api.register()


@pytest.mark.contract("decision 47")
@pytest.mark.parametrize("path", ["auth/sessions/", "auth/session/", "auth/api-keys/", "settings/", "mcp/calls/"])
def test_no_cache_keeps_credentials_and_settings(person: User, path: str) -> None:
    answer = person.get(path)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.contract("decision 47")
def test_refusals_of_sign_in_are_not_stored_either(api: Api) -> None:
    answer = api.post("auth/login/", {"identifier": "nobody", "password": "x"})
    assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")


@pytest.mark.contract("decision 47")
@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/auth/google/callback/?code=1", "no-referrer"),
        ("/admin/sign-in/", "same-origin"),
        ("/account/sign-in/", "same-origin"),
        ("/api/v1/handshake/", "strict-origin-when-cross-origin"),
        ("/api/v1/docs/", "strict-origin-when-cross-origin"),
        ("/nothing/here", "strict-origin-when-cross-origin"),
    ],
)
def test_the_stricter_referrer_policy_stands(api: Api, path: str, policy: str) -> None:
    assert api.get(path).headers.get_list("referrer-policy") == [policy]


@pytest.mark.contract("decision 47")
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/docs/",
        "/auth/google/callback/?code=1",
        "/auth/github/callback/?error=x",
        "/admin/sign-in/",
        "/account/sign-in/",
    ],
)
def test_pages_cannot_be_framed_and_load_nothing_foreign(api: Api, path: str) -> None:
    policy = api.get(path).headers["content-security-policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe-eval" not in policy
    assert "*" not in policy


@pytest.mark.contract("decision 47")
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "https://127.0.0.1.evil.example", "file://", "x"],
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_foreign_pages_do_not_reach_the_agents_endpoint(person: User, origin: str, method: str) -> None:
    headers = {"Origin": origin, "Authorization": f"Bearer {person.rotate_key()}"}
    answer = person.api.http.request(method, person.api.url("/mcp"), json={}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.contract("decision 47")
@pytest.mark.parametrize("origin", ["http://localhost:6274", "http://127.0.0.1:3000", ""])
def test_pages_of_this_machine_and_programs_reach_it(person: User, origin: str) -> None:
    headers = {"Authorization": f"Bearer {person.rotate_key()}"} | ({"Origin": origin} if origin else {})
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answer = person.api.http.post(person.api.url("/mcp"), json=body, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.contract("decision 47")
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "max-age=31536000"),
        ({"HSTS_SECONDS": "600", "HSTS_SUBDOMAINS": "1"}, "max-age=600; includeSubDomains"),
        (
            {"HSTS_SECONDS": "63072000", "HSTS_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"},
            "max-age=63072000; includeSubDomains; preload",
        ),
        ({"HSTS_SUBDOMAINS": "Yes", "HSTS_PRELOAD": "no"}, "max-age=31536000; includeSubDomains"),
        ({"HSTS_SECONDS": "0"}, None),
    ],
)
def test_hsts_is_the_operators_to_say(stack: Stack, settings: dict[str, str], expected: str | None) -> None:
    with (
        another_gateway(stack, None, TRUSTED_PROXIES="127.0.0.1", **settings) as gateway,
        Api(stack, gateway.url) as api,
    ):
        answer = api.get("ping/", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers.get("strict-transport-security") == expected
