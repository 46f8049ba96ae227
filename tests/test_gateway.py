"""What the gateway answers by itself looks like the services' answers (architecture §5, identity §15)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from notechondria_local.stack import Stack
from tests.support.client import Api

ALLOWED, FOREIGN = "https://app.example", "https://evil.example"


@pytest.fixture
def without_planner(stack: Stack) -> Iterator[None]:
    stack.stop_part("planner")
    try:
        yield
    finally:
        stack.start_part("planner")


def check(answer: httpx.Response, *, allowed: bool, marked: bool = True) -> None:
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert list(answer.json()) == ["detail"]
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers.get("access-control-allow-origin") == (ALLOWED if allowed else None)
    assert answer.headers.get("access-control-allow-credentials") == ("true" if allowed else None)
    if marked:
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.usefixtures("without_planner")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_5_a_service_that_is_away_is_said_in_json_with_cors(api: Api, method: str) -> None:
    for origin, allowed in ((ALLOWED, True), (FOREIGN, False)):
        answer = api.request(method, "planner-events/", json={}, headers={"Origin": origin})
        assert answer.status_code in {502, 503}
        check(answer, allowed=allowed)
    head = api.request("HEAD", "planner-events/")
    assert head.status_code in {502, 503}
    assert head.content == b""
    # Others are not touched.
    assert api.get("notes/", headers={"Origin": ALLOWED}).status_code == 200


def test_5_the_limit_on_sign_in_is_said_in_json_with_cors() -> None:
    environment = {"AUTH_RATE_PER_MINUTE": "5", "FRONTEND_ORIGIN": ALLOWED}
    with tempfile.TemporaryDirectory(prefix="notechondria-gateway-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            answers = [api.get("auth/session/", headers={"Origin": ALLOWED}) for _ in range(12)]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert len(refused) >= 5
            for answer in refused:
                check(answer, allowed=True, marked=False)
            assert api.get("handshake/").status_code == 200  # only sign-in is counted


def test_a_services_own_refusal_is_left_alone(api: Api) -> None:
    answer = api.get("planner-events/", headers={"Origin": ALLOWED})
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}
    assert answer.headers["x-request-id"]
    assert answer.headers.get_list("access-control-allow-origin") == [ALLOWED]


def test_aliases_of_internal_headers_do_not_reach_a_service(api: Api) -> None:
    for name in ("X_Internal_Assertion", "X.Internal.Assertion", "X_User_Id"):
        assert api.get("notes/deleted/", headers={name: "1"}).status_code == 401
