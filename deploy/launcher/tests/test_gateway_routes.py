"""The routes of gateway/, on the real gateway with stand-ins behind it."""

import gzip
import http.client
import json
import time
from itertools import pairwise
from typing import Any

import pytest

from notechondria_cli.access_log import Request, parse, render
from notechondria_cli.probe import get_json, until
from notechondria_launcher.stack import Stack


def call(
    stack: Stack, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send a request as it stands: no client tidies the path."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["gateway"], timeout=10)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def echo(stack: Stack, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what the service that was reached says of the request."""
    body: dict[str, Any] = json.loads(call(stack, path, method, headers)[2])
    return body


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "identity"),
        ("/handshake/", "identity"),
        ("/api/v1/handshake/", "identity"),
        ("/api/v1/settings/", "identity"),
        ("/api/v1/integrations/github/", "identity"),
        ("/auth/google/callback", "identity"),
        ("/media/user_upload/user_8/profile_pic/profile_latest.png", "identity"),
        ("/api/v1/nobody-knows/", "identity"),
        ("/api/v1/coursesx/", "identity"),
        ("/anything", "identity"),
        ("/api/v1/courses/", "notes"),
        ("/api/v1/courses", "notes"),
        ("/api/v1/notes/12/", "notes"),
        ("/api/v1/blocks/3/", "notes"),
        ("/api/v1/front-page/", "notes"),
        ("/api/v1/activity/", "notes"),
        ("/api/v1/admin/template-courses/1/", "notes"),
        ("/media/user_upload/user_8/notes/n/proof.pdf", "notes"),
        ("/media/course_media/course_1/cover.png", "notes"),
        ("/api/v1/planner-events/", "planner"),
        ("/api/v1/calendar-feeds/1/", "planner"),
        ("/api/v1/note-sessions/", "planner"),
        ("/api/v1/heatmap/", "planner"),
        ("/api/v1/activity/week/", "planner"),
        ("/api/v1/activity/week", "planner"),
        ("/mcp", "mcp"),
        ("/mcp/", "mcp"),
        ("/admin", "web"),
        ("/admin/users/1/", "web"),
        ("/api/v1/docs/", "web"),
        ("/api/v1/docs/swagger-ui.css", "web"),
        ("/api/v1/openapi.json", "web"),
        ("/api/v1/status/", "web"),
    ],
)
def test_a_path_reaches_its_service_unchanged(stack: Stack, path: str, service: str) -> None:
    seen = echo(stack, path)
    assert (seen["service"], seen["path"]) == (service, path)


@pytest.mark.parametrize(
    "path",
    [
        "/internal",
        "/internal/",
        "/internal/health/ready",
        "/INTERNAL/introspect",
        "/Internal",
        "//internal/introspect",
        "///internal/introspect",
        "/x/../internal/introspect",
        "/./internal/introspect",
        "/%69nternal/introspect",
        "/%2e/internal/introspect",
        "/x/%2e%2e/internal/introspect",
        "/api/v1/notes/../../../internal/introspect",
        "/mcp/..//internal/introspect",
        "/internal?x=1",
    ],
)
def test_internal_endpoints_do_not_exist_outside(stack: Stack, path: str) -> None:
    status, _, body = call(stack, path)
    assert status == 404
    assert json.loads(body)["path"] == "/api/v1/not-found/"


def test_an_encoded_slash_is_refused(stack: Stack) -> None:
    assert call(stack, "/%2finternal/introspect")[0] == 400
    assert call(stack, "/internal%2fintrospect")[0] == 400


def test_headers_of_the_inside_are_taken_off(stack: Stack) -> None:
    sent = {
        "X-Internal-Token": "t",
        "x-internal-assertion": "a",
        "X-User-Id": "1",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "Authorization": "Token abc",
        "Origin": "http://localhost:5000",
        "Referer": "http://localhost:5000/x",
        "User-Agent": "t",
        "X-Request-Id": "kept-as-it-is",
    }
    seen = echo(stack, "/api/v1/notes/", headers=sent)["headers"]
    assert not [name for name in seen if name.startswith("x-internal") or name == "x-user-id"]
    assert seen["x-forwarded-for"].split(", ")[0] == "127.0.0.1"  # the first hop is the client (identity §1)
    assert "6.6.6.6" not in seen["x-forwarded-for"]
    assert seen["x-forwarded-host"] == f"127.0.0.1:{stack.ports['gateway']}"
    assert seen["x-forwarded-proto"] == "http"
    kept = ("authorization", "origin", "referer", "user-agent", "x-request-id")
    assert [seen[name] for name in kept] == [
        "Token abc",
        "http://localhost:5000",
        "http://localhost:5000/x",
        "t",
        "kept-as-it-is",
    ]


def test_answers_are_marked_and_compressed(stack: Stack) -> None:
    _, headers, body = call(stack, "/api/v1/notes/", headers={"Accept-Encoding": "gzip"})
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Referrer-Policy" not in headers  # a service's own stands, and each sends one
    assert headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["service"] == "notes"
    assert "Content-Encoding" not in call(stack, "/mcp", headers={"Accept-Encoding": "gzip"})[1]


@pytest.mark.parametrize("path", ["/mcp/stream", "/api/v1/notes/stream"])
@pytest.mark.parametrize("wanted", [3, 1])
def test_streams_arrive_as_they_are_written_and_are_logged_with_their_user(
    stack: Stack, path: str, wanted: int
) -> None:
    """Headers, then three events 0.3 s apart, of which `wanted` are read before the client goes away."""
    before = stack.layout.access_log.stat().st_size if stack.layout.access_log.exists() else 0
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["gateway"], timeout=10)
    connection.request("GET", path, headers={"Accept": "text/event-stream", "Accept-Encoding": "gzip"})
    response = connection.getresponse()
    assert "X-User-Id" not in response.headers
    # Where answers are compressed, Traefik holds the headers back until there is a first piece.
    arrived = [time.monotonic()] if path == "/mcp/stream" else []
    events = 0
    while events < wanted and (line := response.readline()):
        if line.startswith(b"data:"):
            arrived.append(time.monotonic())
            events += 1
    response.close()
    connection.close()
    assert events == wanted
    assert all(later - earlier > 0.2 for earlier, later in pairwise(arrived))

    def logged() -> list[Request]:
        with stack.layout.access_log.open() as log:
            log.seek(before)
            return [found for line in log if (found := parse(line)) and found.path == path]

    assert until(lambda: bool(logged()), 5)
    (request,) = logged()
    assert (request.user_id, request.request_id) == (7, "stream-1")


def test_sign_in_attempts_are_limited_per_minute_but_preflights_are_not(stack: Stack) -> None:
    statuses = [call(stack, "/api/v1/auth/login/", "POST", {"Content-Length": "0"})[0] for _ in range(8)]
    assert statuses[:5] == [200] * 5
    assert 429 in statuses[5:]
    status, headers, _ = call(stack, "/api/v1/auth/login/", "POST", {"Content-Length": "0"})
    assert status == 429
    assert int(headers["Retry-After"]) >= 1
    assert {call(stack, "/api/v1/auth/login/", "OPTIONS")[0] for _ in range(8)} == {200}
    assert call(stack, "/api/v1/settings/")[0] == 200


def test_a_request_is_logged_without_its_query(stack: Stack) -> None:
    secrets = dict.fromkeys(("Authorization", "Cookie", "X-Request-Id", "X-User-Id"), "a secret")
    call(stack, "/api/v1/heatmap/?token=secret", headers=secrets)

    def logged() -> bool:
        return "/api/v1/heatmap/" in stack.layout.access_log.read_text().splitlines()[-1]

    assert until(logged, 20)
    line = stack.layout.access_log.read_text().splitlines()[-1]
    assert "secret" not in line
    assert len(line) < 450
    request = parse(line)
    assert request is not None
    assert (request.status, request.method, request.path) == (200, "GET", "/api/v1/heatmap/")
    assert (request.service, request.request_id) == ("planner", "r-1")
    assert "200  " in render(request, colour=False)


def test_a_service_that_dies_is_taken_out_and_comes_back(stack: Stack) -> None:
    stack.kill("planner")
    # A read would wait for it to come back.
    assert call(stack, "/api/v1/heatmap/", "POST", {"Content-Length": "0"})[0] == 503
    assert call(stack, "/api/v1/notes/")[0] == 200
    stack.start_part("planner")
    assert call(stack, "/api/v1/heatmap/")[0] == 200


def test_health_checks_keep_their_connection(stack: Stack) -> None:
    """One that was answered with a body would end it, and each second's new one leaves 130 KB of garbage."""

    def checks() -> list[int]:
        answer = get_json(f"{stack.service_url('web')}/checks")
        return answer["checked_from"] if isinstance(answer, dict) else []

    before = len(checks())
    assert until(lambda: len(checks()) >= before + 3, 20)
    assert len(set(checks()[before:])) == 1
