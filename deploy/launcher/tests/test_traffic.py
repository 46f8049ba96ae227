"""Figures and filters over the gateway's access log (ADR 0013)."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notechondria_cli.access_log import Request, RequestFilter
from notechondria_cli.errors import StackError
from notechondria_cli.traffic import Traffic, route_of

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def request(ago: float = 1, status: int = 200, ms: float = 10, path: str = "/api/v1/notes/7/") -> Request:
    return Request(NOW - timedelta(seconds=ago), status, ms, "GET", path, "notes", "id")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/notes/812/", "/api/v1/notes/{id}/"),
        ("/api/v1/notes/812/restore/3/", "/api/v1/notes/{id}/restore/{id}/"),
        ("/api/v1/notes/uuid/0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10/", "/api/v1/notes/uuid/{id}/"),
        ("/api/v1/notes/deleted/", "/api/v1/notes/deleted/"),
        ("/media/user_upload/user_1/x.png", "/media/..."),
        ("/calendar/0123456789abcdef0123456789abcdef", "/calendar/{id}"),
    ],
)
def test_one_endpoint_is_one_row(path: str, route: str) -> None:
    assert route_of(path) == route


def test_figures_of_a_window() -> None:
    traffic = Traffic(60)
    traffic.add([request(ago=61, ms=9999), *(request(ms=number) for number in range(1, 101))])
    traffic.add([request(status=503), request(status=404), request(path="/api/v1/courses/")])
    busiest, other = traffic.rows(NOW)
    assert (busiest.route, busiest.count, other.count) == ("/api/v1/notes/{id}/", 102, 1)
    assert busiest.rate == pytest.approx(102 / 60)
    assert busiest.errors == busiest.refused == pytest.approx(1 / 102)
    assert (busiest.p50, busiest.p99) == (49, 99)
    assert traffic.rows(NOW + timedelta(seconds=61)) == []


def test_filters() -> None:
    slow = request(status=500, ms=700)
    assert RequestFilter().accepts(slow)
    assert RequestFilter("notes", 700, "5xx").accepts(slow)
    assert RequestFilter(status="500").accepts(slow)
    assert not RequestFilter(status="4XX").accepts(slow)
    assert not RequestFilter(service="planner").accepts(slow)
    assert not RequestFilter(min_ms=701).accepts(slow)
    assert RequestFilter(user_id=7).accepts(replace(slow, user_id=7))
    assert not RequestFilter(user_id=7).accepts(slow)
    with pytest.raises(StackError):
        RequestFilter(status="sometimes")


def test_both_commands_read_a_stream_from_elsewhere() -> None:
    entry = {
        "StartUTC": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "DownstreamStatus": 503,
        "Duration": 12_000_000,
        "RequestMethod": "GET",
        "RequestPath": "/api/v1/notes/1/",
        "ServiceName": "notes@file",
        "downstream_X-Request-Id": "abc",
        "request_X-User-Id": "7",
    }
    stream = f"gateway-1  | {json.dumps(entry)}\nnot a line of the log\n"

    def run(*arguments: str, **environment: str) -> str:
        call = [sys.executable, "-m", "notechondria_launcher", *arguments, "--stdin"]
        wide = {**os.environ, "COLUMNS": "140", **environment}
        done = subprocess.run(call, input=stream, capture_output=True, text=True, timeout=30, check=True, env=wide)
        return done.stdout

    (row,) = json.loads(run("top", "--json"))
    assert (row["service"], row["route"], row["errors"], row["p95"]) == ("notes", "/api/v1/notes/{id}/", 1.0, 12.0)
    assert "/api/v1/notes/{id}/" in run("top", "--once")
    assert "503     12.0ms  GET    /api/v1/notes/1/" in run("logs", "--status", "5xx")
    assert "not a line" in run("logs")
    assert run("logs", "--status", "4xx") == ""
    assert "\x1b" not in run("logs")
    for word in ("1", "on", " Yes "):
        assert "\x1b[31m503" in run("logs", DJANGO_ACCESS_LOG_FORCE_COLOR=word)
    assert "[notes abc user=7]" in run("logs", "--user", "7", "--service", "notes")
    assert "503" not in run("logs", "--user", "8")


def test_logs_look_back_until_enough_requests_fit_and_tables_in_a_pipe_are_whole(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    lines = [
        json.dumps(
            {
                "StartUTC": at,
                "DownstreamStatus": 503 if number < 5 else 200,
                "Duration": 1,
                "RequestMethod": "GET",
                "RequestPath": f"/api/v1/{'long-' * 30}{number % 2}/",
                "ServiceName": "notes@file",
            }
        )
        for number in range(500)
    ]
    (tmp_path / "logs" / "access.log").write_text("\n".join(lines) + "\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-m", "notechondria_launcher", *arguments, "--data", str(tmp_path)]
        env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        return subprocess.run(call, capture_output=True, text=True, timeout=30, check=False, env=env)

    assert run("logs", "--status", "5xx").stdout.count("503") == 5
    assert run("logs", "--status", "5xx", "--lines", "2").stdout.count("503") == 2
    assert f"/api/v1/{'long-' * 30}1/" in run("top").stdout  # without a terminal it ends by itself
    refused = run("logs", "--part", "identity", "--status", "5xx")
    assert (refused.returncode, refused.stdout) == (1, "")
    (tmp_path / "logs" / "access.log").unlink()
    nothing = run("logs")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "nothing yet" in nothing.stderr
