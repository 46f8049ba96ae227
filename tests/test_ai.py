"""`/api/v1/ai/*`: somebody else's service behind our sign-in (decision 40)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from notechondria_shared.core.keys import PublicKeys
from tests.support.ai import ai_service
from tests.support.client import Api
from tests.support.ready_data import own_stack

ORIGIN = {"Origin": "http://localhost:5173"}


@pytest.mark.contract("decision 40")
def test_without_an_ai_service_the_paths_are_501(api: Api) -> None:
    user = api.register()
    for method, path in (("GET", "ai/"), ("POST", "ai/chat/"), ("DELETE", "ai/a/b/c/")):
        answer = user.request(method, path, headers=ORIGIN)
        assert answer.status_code == 501
        assert "AI_SERVICE_URL" in answer.json()["detail"]
        assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
        assert api.request(method, path).status_code == 401
    assert "ai" not in api.get("handshake/").json()["capabilities"]


@pytest.fixture(scope="module")
def with_ai() -> Iterator[Api]:
    with ai_service() as url:
        environment = {"AUTH_RATE_PER_MINUTE": "0", "AI_SERVICE_URL": url}
        with own_stack(environment) as stack, Api(stack) as api:
            yield api


@pytest.mark.contract("decision 40")
def test_an_ai_service_gets_who_calls_and_no_credential(with_ai: Api) -> None:
    user = with_ai.register()
    key = user.rotate_key()
    for credential in (f"Token {user.token}", f"Bearer {key}"):
        headers = {"Authorization": credential, "X-Internal-Assertion": "forged", "X-User-Id": "1", **ORIGIN}
        answer = with_ai.post("ai/chat/?model=x", {"say": "hello"}, headers=headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["path"], json.loads(body["body"])) == ("/api/v1/ai/chat/?model=x", {"say": "hello"})
        seen = {name.lower(): value for name, value in body["headers"].items()}
        assert "authorization" not in seen
        assert user.token not in answer.text
        assert key not in answer.text
        assert seen["x-user-id"] == str(user.id)
        public = PublicKeys(with_ai.stack.plan.credentials.public_keys)
        claims = public.read(seen["x-internal-assertion"], "assertion+jwt", "ai")
        assert claims is not None
        assert (claims["iss"], claims["sub"]) == ("identity", str(user.id))
        assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    refused = with_ai.post("ai/refuse/", headers={**user.headers, **ORIGIN})
    assert (refused.status_code, refused.json()["path"]) == (418, "/api/v1/ai/refuse/")  # its own words
    assert with_ai.get("handshake/").json()["capabilities"]["ai"] == 1


@pytest.mark.contract("decision 40")
def test_strangers_do_not_reach_it(with_ai: Api) -> None:
    for headers, detail in (
        ({}, "Authentication credentials were not provided."),
        ({"Authorization": f"Token {'0' * 40}"}, "Invalid token."),
    ):
        answer = with_ai.post("ai/chat/", headers={**headers, **ORIGIN})
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})
        assert answer.headers["www-authenticate"] == "Token"
        assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    preflight = with_ai.request("OPTIONS", "ai/chat/", headers=ORIGIN)
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, ORIGIN["Origin"])
    assert with_ai.get("/internal/forward-auth").status_code == 404
