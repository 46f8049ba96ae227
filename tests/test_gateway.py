"""What the gateway answers by itself looks like the services' answers (ADR 0010, identity §15)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from notechondria_cli.access_log import Request, parse
from notechondria_launcher.stack import Stack
from tests.support.client import Api, eventually
from tests.support.gateway import another_gateway

ALLOWED, FOREIGN = "https://app.example", "https://evil.example"
READS = 90
"""So many of one address may wait at once."""


@pytest.fixture
def without_planner(api: Api, stack: Stack) -> Iterator[None]:
    # Until it sees an answer the gateway takes it for away since the test before.
    assert api.get("planner-events/").status_code == 401
    stack.stop_part("planner")
    try:
        yield
    finally:
        stack.start_part("planner")


def check(answer: httpx.Response, *, allowed: bool) -> None:
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert list(answer.json()) == ["detail"]
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers.get("access-control-allow-origin") == (ALLOWED if allowed else None)
    assert answer.headers.get("access-control-allow-credentials") == ("true" if allowed else None)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.contract("ADR 0010", "identity §1")
@pytest.mark.usefixtures("without_planner")
def test_a_service_that_is_away_is_503_in_json_with_cors(api: Api) -> None:
    took = []
    for origin, allowed in ((ALLOWED, True), (FOREIGN, False)):
        started = time.monotonic()
        answer = api.request("POST", "planner-events/", json={}, headers={"Origin": origin})
        took.append(time.monotonic() - started)
        assert answer.status_code == 503
        check(answer, allowed=allowed)
        # A browser asks first; without leave its page would not see the answer above.
        leave = api.request("OPTIONS", "planner-events/", headers={"Origin": origin})
        assert (leave.status_code, leave.content) == (204, b"")
        assert leave.headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert min(took) < 2  # others may use the machine, but hardly both times
    # Others are not touched.
    assert api.get("notes/", headers={"Origin": ALLOWED}).status_code == 200


@pytest.mark.contract("ADR 0010")
@pytest.mark.usefixtures("without_planner")
def test_reads_wait_a_while_and_are_then_refused(api: Api) -> None:
    """Ten seconds, as long as the service may still be restarting; at once when it has been away for longer."""

    async def read(client: httpx.AsyncClient, method: str) -> tuple[httpx.Response, float]:
        started = time.monotonic()
        answer = await client.request(method, api.url("planner-events/"), headers={"Origin": ALLOWED})
        return answer, time.monotonic() - started

    async def story() -> None:
        async with httpx.AsyncClient(timeout=60, trust_env=False, limits=httpx.Limits(max_connections=READS)) as client:
            # Many side by side: of some hundred one never came to an end once.
            answers = await asyncio.gather(*(read(client, ("GET", "HEAD")[number % 2]) for number in range(READS)))
            for number, (answer, seconds) in enumerate(answers):
                assert answer.status_code == 503, number
                assert 9 < seconds < 45, (number, seconds)  # ten, and what a busy machine adds
            check(answers[0][0], allowed=True)
            assert answers[1][0].content == b""
            await read(client, "GET")  # waits until 20 s after the first failure
            answer, seconds = await read(client, "GET")
            assert (answer.status_code, seconds < 5) == (503, True), seconds

    asyncio.run(story())


@pytest.mark.contract("ADR 0010")
def test_a_restart_costs_reads_nothing(api: Api, stack: Stack) -> None:
    """Each service in turn, under load: no read fails, and no write gets more than the request to come again.

    Where tests share two cores a restart may take longer than a gateway waits that got no notice.
    """
    user = api.register()
    reads = {"identity": "settings/", "notes": "notes/", "planner": "planner-events/", "mcp": "mcp/calls/"}
    stop = threading.Event()
    seen: dict[str, list[int]] = {path: [] for path in (*reads.values(), "writes")}
    problems: list[str] = []

    def load(path: str) -> None:
        with httpx.Client(timeout=60, trust_env=False) as http:
            while not stop.is_set():
                if path == "writes":
                    answer = http.post(patient.url("notes/"), json={"title": "x"}, headers=user.headers)
                    if answer.status_code != 201 and "retry-after" not in answer.headers:
                        problems.append(answer.text)
                else:
                    answer = http.get(patient.url(path), headers=user.headers)
                    if answer.status_code != 200:
                        problems.append(f"{path}: {answer.status_code} {answer.text}")
                seen[path].append(answer.status_code)
                time.sleep(0.1)

    threads = [threading.Thread(target=load, args=(path,)) for path in seen]
    with another_gateway(stack, GATEWAY_PATIENCE_SECONDS="60") as gateway, Api(stack, gateway.url) as patient:
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: all(len(found) > 10 for found in seen.values()))
            for service in reads:
                stack.restart_part(service)
                eventually(lambda: gateway.up(service) == 1, what=f"{service} behind the gateway")
                time.sleep(0.5)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert not problems, problems[:5]
    assert all(len(statuses) > 20 for statuses in seen.values()), {path: len(found) for path, found in seen.items()}
    assert set(seen["writes"]) <= {201, 503}


@pytest.fixture(scope="module")
def strict(stack: Stack) -> Iterator[Api]:
    """A gateway with a low limit on sign-in, which waits for nobody."""
    environment = {"AUTH_RATE_PER_MINUTE": "5", "FRONTEND_ORIGIN": ALLOWED, "GATEWAY_PATIENCE_SECONDS": "0"}
    with another_gateway(stack, None, **environment) as gateway, Api(stack, gateway.url) as api:
        yield api


@pytest.mark.contract("ADR 0010")
def test_the_limit_on_sign_in_is_429_in_json_with_cors(strict: Api) -> None:
    answers = [strict.get("auth/sessions/", headers={"Origin": ALLOWED}) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 5
    for answer in refused:
        check(answer, allowed=True)
    assert strict.get("handshake/").status_code == 200  # only sign-in is counted
    # The probe is not limited when many users share one address: apps sign out for good when it fails (identity §7.6).
    assert {strict.get("auth/session/").json()["authenticated"] for _ in range(12)} == {False}
    assert strict.post("auth/session/").status_code == 429


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
AGENT = "application/json, text/event-stream"


def check_page(answer: httpx.Response, title: str) -> None:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{title}</h1>" in answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    (style,) = re.findall("<style>(.*?)</style>", answer.text)
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{allowed}';")
    assert not re.search("src=|url\\(|http", answer.text)  # nothing from elsewhere


@pytest.mark.contract("ADR 0010")
def test_refusals_at_the_administration_site_are_pages(strict: Api) -> None:
    site = f"{strict.base}/admin/"

    def ask(url: str, accept: str | None) -> httpx.Response:
        with httpx.Client(trust_env=False) as http:
            http.headers.pop("accept")
            return http.get(url, headers={"Accept": accept} if accept is not None else {})

    refused = [a for _ in range(12) if (a := ask(f"{site}sign-in/", BROWSER)).status_code == 429]
    assert len(refused) >= 5
    check_page(refused[0], "Too many tries")
    for part in ("web", "identity"):
        strict.stack.stop_part(part)
    try:
        for path in ("", "users/"):
            answer = ask(site + path, BROWSER)
            assert answer.status_code == 503
            check_page(answer, "Back in a moment")
        for accept in (
            "application/json",
            "*/*",
            None,
            "text/html;q=0.5, application/json",
            "text/html;q=0, */*;q=0.1",
        ):
            answer = ask(site, accept)
            assert answer.status_code == 503, accept
            check(answer, allowed=False)
        for path in ("/api/v1/docs/", "/api/v1/settings/", "/"):
            check(ask(strict.base + path, BROWSER), allowed=False)
        strict.stack.stop_part("mcp")
        for accept in (BROWSER, AGENT):
            check(ask(f"{strict.base}/mcp", accept), allowed=False)
    finally:
        for part in ("identity", "web", "mcp"):
            strict.stack.start_part(part)


@pytest.mark.contract("ADR 0010")
def test_a_program_in_a_page_reads_that_the_authorization_server_restarts(strict: Api) -> None:
    """Without CORS it would take the pause for a server that allows no pages, and give up."""
    origin = {"Origin": "https://inspector.example"}
    strict.stack.stop_part("identity")
    try:
        for path in ("/oauth/token", "/oauth/register", "/.well-known/oauth-authorization-server"):
            leave = strict.request("OPTIONS", path, headers={**origin, "Access-Control-Request-Method": "POST"})
            assert (leave.status_code, leave.headers["access-control-allow-origin"]) == (204, "*")
            assert "MCP-Protocol-Version" in leave.headers["access-control-allow-headers"]
            away = strict.request("POST", path, headers=origin)
            assert (away.status_code, away.headers["access-control-allow-origin"]) == (503, "*")
            assert list(away.json()) == ["detail"]
        page = strict.get("/oauth/authorize", headers=origin)
        assert "access-control-allow-origin" not in page.headers
    finally:
        strict.stack.start_part("identity")


@pytest.mark.contract("ADR 0010")
def test_refusals_at_peoples_pages_are_pages(strict: Api) -> None:
    """Signing in, allowing a program, one's own account: nobody who fills in a form there is shown JSON."""
    with httpx.Client(base_url=strict.base, trust_env=False, headers={"Accept": BROWSER}) as http:
        tries = [http.post("/account/sign-in/", data={"identifier": "x"}) for _ in range(12)]
        refused = [answer for answer in tries if answer.status_code == 429]
        assert len(refused) >= 5
        check_page(refused[0], "Too many tries")
        assert '<a href="/account/">' in refused[0].text
        assert "administration" not in refused[0].text
        strict.stack.stop_part("web")
        try:
            for path in ("/account", "/account/", "/account/log/", "/oauth/authorize?client_id=x"):
                answer = http.get(path)
                assert answer.status_code == 503
                check_page(answer, "Back in a moment")
            program = http.get("/account/", headers={"Accept": AGENT})
            assert program.status_code == 503
            check(program, allowed=False)
        finally:
            strict.stack.start_part("web")


@pytest.mark.contract("ADR 0010")
def test_the_gateways_own_answers_name_the_request_as_the_services_do(strict: Api) -> None:
    refused = [strict.get("auth/sessions/", headers={"X-Request-Id": "my-own.name_1"}) for _ in range(12)][-1]
    assert (refused.status_code, refused.headers["x-request-id"]) == (429, "my-own.name_1")
    odd = f"secret {time.monotonic_ns()}"
    answer = strict.get("ping/", headers={"X-Request-Id": odd})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_a_services_own_refusal_is_left_alone(api: Api) -> None:
    answer = api.get("planner-events/", headers={"Origin": ALLOWED})
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}
    assert answer.headers["x-request-id"]
    assert answer.headers.get_list("access-control-allow-origin") == [ALLOWED]


@pytest.mark.contract("ADR 0010")
def test_agents_who_accept_streams_are_known_in_the_log(api: Api, stack: Stack) -> None:
    user = api.register()
    headers = {"Authorization": f"Bearer {user.rotate_key()}", "Accept": AGENT, "X-Request-Id": f"agent-{user.id:08}"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answer = api.request("POST", "/mcp", json=body, headers=headers)
    assert answer.status_code == 200
    assert "x-user-id" not in answer.headers

    def logged() -> Request | None:
        found = (parse(line) for line in stack.layout.access_log.read_text().splitlines())
        return next((one for one in found if one and one.request_id == headers["X-Request-Id"]), None)

    assert eventually(logged, what="a line in the log").user_id == user.id


def test_aliases_of_internal_headers_do_not_reach_a_service(api: Api) -> None:
    for name in ("X_Internal_Assertion", "X.Internal.Assertion", "X_User_Id"):
        assert api.get("notes/deleted/", headers={name: "1"}).status_code == 401
