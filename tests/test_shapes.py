"""Transport and error shapes of the contract, on every service through the gateway (identity §1, §2, §3, §15)."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.support.client import Api, User

JSON = {"Content-Type": "application/json"}
ORIGIN = {"Origin": "http://localhost:5173"}
LOGIN_NEEDED = ["auth/sessions/", "notes/deleted/", "planner-events/", "heatmap/", "activity/week/"]
WRITES = ["notes/", "courses/", "planner-events/", "note-sessions/"]


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


@pytest.mark.contract("identity §2", "identity §1")
@pytest.mark.parametrize("path", LOGIN_NEEDED)
def test_anonymous_is_401_before_everything_else(api: Api, path: str) -> None:
    for method in ("GET", "PUT"):  # a wrong method does not matter without login
        answer = api.request(method, path, content=b"{", headers=JSON)
        assert answer.status_code == 401, (method, answer.text)
        assert answer.json() == {"detail": "Authentication credentials were not provided."}
        assert answer.headers["www-authenticate"] == "Token"


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize("path", [*LOGIN_NEEDED, "notes/", "courses/", "auth/login/"])
def test_a_bad_credential_is_401_on_public_endpoints_too(api: Api, path: str) -> None:
    for header, detail in (
        ("Token " + "a" * 40, "Invalid token."),
        ("Token " + "a" * 41, "Invalid token."),
        ("Bearer ntc_" + "a" * 32, "Invalid API key."),
    ):
        answer = api.get(path, headers={"Authorization": header})
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})


@pytest.mark.contract("identity §2")
@pytest.mark.parametrize("path", ["health/", "ping/", "handshake/", "auth/session/"])
def test_endpoints_of_the_project_ignore_the_header(api: Api, path: str) -> None:
    assert api.get(path, headers={"Authorization": "Token nonsense"}).status_code == 200


@pytest.mark.contract("identity §3.1", "decision 3")
@pytest.mark.parametrize("path", WRITES)
def test_bodies_that_are_no_object(user: User, path: str) -> None:
    for content, name in ((b"[]", "list"), (b"null", "NoneType"), (b'"x"', "str")):
        answer = user.request("POST", path, content=content, headers=JSON)
        text = f"Invalid data. Expected a dictionary, but got {name}."
        assert (answer.status_code, answer.json()) == (400, {"non_field_errors": [text]})


@pytest.mark.contract("identity §3.1")
@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("content", [b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
def test_malformed_json_is_400_with_detail(user: User, path: str, content: bytes) -> None:
    answer = user.request("POST", path, content=content, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - ")


@pytest.mark.contract("identity §1", "identity §3")
@pytest.mark.parametrize("path", WRITES)
def test_other_content_types_are_415(user: User, path: str) -> None:
    answer = user.request("POST", path, content=b"title=x", headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()) == (415, {"detail": 'Unsupported media type "text/csv" in request.'})


@pytest.mark.contract("identity §3.1")
@pytest.mark.parametrize("path", WRITES)
def test_missing_fields_are_named(user: User, path: str) -> None:
    bodies: list[dict[str, Any]] = [{"json": {}}, {"data": {"unknown": "x"}}, {"content": b""}]
    for options in bodies:
        answer = user.request("POST", path, **options)
        assert answer.status_code == 400, answer.text
        required = "note_id" if path == "note-sessions/" else "title"
        assert answer.json()[required] == ["This field is required."]


@pytest.mark.parametrize("path", ["notes/", "courses/", "planner-events/"])
@pytest.mark.parametrize("value", [None, True, ["x"], {"a": 1}, "a\x00b", "", "x" * 1_000_000])
def test_bad_titles_are_400_with_the_field(user: User, path: str, value: Any) -> None:
    answer = user.post(path, {"title": value, "event_date": "2030-01-01"})
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["title"]


@pytest.mark.contract("identity §1")
def test_forms_are_read_like_json(user: User) -> None:
    for options in ({"data": {"title": "By form"}}, {"files": {"title": (None, "By multipart")}}):
        answer = user.request("POST", "notes/", **options)
        assert answer.status_code == 201, answer.text
        assert answer.json()["title"].startswith("By ")


@pytest.mark.contract("identity §3.1")
@pytest.mark.parametrize(("method", "path"), [("PUT", "planner-events/"), ("PATCH", "notes/"), ("PUT", "auth/login/")])
def test_wrong_methods_are_405_with_allow(user: User, method: str, path: str) -> None:
    answer = user.request(method, path, json={})
    assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert "POST" in answer.headers["allow"]


@pytest.mark.contract("identity §3.1", "identity §6")
def test_wrong_methods_of_ping_and_handshake_have_no_body(api: Api) -> None:
    for path in ("ping/", "handshake/", "/handshake/"):
        for method in ("POST", "HEAD"):
            answer = api.request(method, path)
            assert (answer.status_code, answer.content) == (405, b"")
            assert "GET" in answer.headers["allow"]


@pytest.mark.contract("identity §3.1", "decision 29")
@pytest.mark.parametrize(
    "path", ["/api/v1/nope/", "/api/nope/", "/api/v1/notes/abc/", "/api/v1/planner-events/1/x/", "/api/v1/auth/nope/"]
)
def test_unknown_paths_are_404_with_three_keys(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "API route not found.", "status_code": 404, "path": path},
    )


@pytest.mark.contract("identity §1", "notes §1")
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/planner-events"])
def test_a_missing_slash_is_a_301(api: Api, path: str) -> None:
    for method in ("GET", "POST"):
        answer = api.request(method, path + "?a=1")
        assert (answer.status_code, answer.headers["location"]) == (301, path + "/?a=1")


@pytest.mark.contract("identity §15")
@pytest.mark.parametrize("path", ["auth/login/", "notes/", "planner-events/", "nope/", "/media/x.png"])
def test_every_preflight_is_204(api: Api, path: str) -> None:
    for origin in ("http://localhost:5173", "https://evil.example"):
        answer = api.request(
            "OPTIONS", path, headers={"Origin": origin, "Access-Control-Request-Method": "PATCH", "Authorization": "x"}
        )
        assert (answer.status_code, answer.content) == (204, b"")
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == (origin if "localhost" in origin else None)


@pytest.mark.contract("identity §15")
@pytest.mark.parametrize(("path", "status"), [("notes/", 200), ("planner-events/", 401), ("nope/", 404)])
def test_errors_carry_the_cors_headers(api: Api, path: str, status: int) -> None:
    answer = api.get(path, headers=ORIGIN)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]
    assert answer.headers["access-control-allow-headers"] == (
        "Authorization, Content-Type, Accept, Origin, X-Requested-With"
    )
    assert answer.headers["access-control-allow-methods"] == "GET, POST, PATCH, PUT, DELETE, OPTIONS"
    assert "access-control-allow-origin" not in api.get(path, headers={"Origin": "https://evil.example"}).headers


@pytest.mark.contract("identity §15")
@pytest.mark.parametrize("path", ["/", "/handshake/", "/mcp/"])
def test_other_paths_get_no_cors_headers(api: Api, path: str) -> None:
    assert "access-control-allow-origin" not in api.get(path, headers=ORIGIN).headers


@pytest.mark.contract("identity §15")
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost", True),
        ("https://127.0.0.1:8443", True),
        ("https://app.example:444", True),  # the host of a trusted origin, whatever scheme and port
        ("https://sub.app.example", False),
        ("null", False),
    ],
)
def test_origins_are_allowed_by_host_name(api: Api, origin: str, *, allowed: bool) -> None:
    shown = api.get("ping/", headers={"Origin": origin}).headers.get("access-control-allow-origin")
    assert shown == (origin if allowed else None)


@pytest.mark.contract("identity §1", "identity §3", "decision 28")
@pytest.mark.parametrize("path", ["auth/session/", "notes/", "heatmap/", "/mcp/"])
def test_a_host_that_is_not_ours_is_400(api: Api, path: str) -> None:
    answer = api.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    if path.startswith("/"):  # outside /api/ plain text, under it the three keys (identity §3.1)
        assert (answer.text, answer.headers["content-type"]) == ("Invalid Host header.", "text/plain; charset=utf-8")
    else:
        assert answer.json() == {"detail": "Invalid Host header.", "status_code": 400, "path": f"/api/v1/{path}"}


@pytest.mark.contract("identity §1", "decision 2", "decision 41")
@pytest.mark.parametrize(
    ("path", "limit"), [("notes/", "20 MiB"), ("planner-events/", "1 MiB"), ("auth/login/", "64 KiB")]
)
def test_a_body_over_20_mib_is_400(user: User, path: str, limit: str) -> None:
    huge = b'{"title": "' + b"x" * (20 * 1024 * 1024) + b'"}'
    answer = user.request("POST", path, content=huge, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(f" larger than {limit}.")


@pytest.mark.contract("identity §1", "notes §1")
def test_json_says_utf_8_and_a_request_id_comes_back(api: Api) -> None:
    answer = api.get("ping/", headers={"X-Request-ID": "my-request-0001"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["x-request-id"] == "my-request-0001"
    assert len(api.get("ping/").headers["x-request-id"]) == 32


@pytest.mark.contract("ADR 0006")
@pytest.mark.parametrize(
    "path",
    [
        "/internal/health/ready",
        "/internal/introspect",
        "/INTERNAL/health/ready",
        "//internal/health/ready",
        "/%69nternal/health/ready",
        "/api/../internal/health/ready",
        "/api/%2e%2e/internal/health/ready",
        "/./internal/health/live",
    ],
)
def test_internal_paths_are_not_reachable_in_any_spelling(api: Api, stack: Any, path: str) -> None:
    host, port = "127.0.0.1", stack.ports["gateway"]
    with socket.create_connection((host, port), timeout=5) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    status = int(answer.split()[1])
    assert status in {301, 307, 308, 400, 404}, answer[:300]
    assert b'"revision"' not in answer
    assert b'"status":"ok"' not in answer
