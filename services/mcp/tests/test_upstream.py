"""How tools call the other services, and what they say when one of them is away, in trouble or slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from services.mcp.tests.test_every_tool import TOOLS
from tests.support.mcp import Agent, another_mcp

from notechondria_launcher.stack import Stack

NOWHERE = "http://127.0.0.1:9"
IDENTITY = {"get_profile", "update_profile"}
OF_THE_LOG = {"list_recent_calls", "undo_call", "undo_calls"}
PLANNER = {
    "get_heatmap",
    "get_activity_week",
    "list_events",
    "create_event",
    "update_event",
    "delete_event",
    "list_note_sessions",
    "end_note_session",
    "list_calendar_feeds",
    "create_calendar_feed",
    "update_calendar_feed",
    "delete_calendar_feed",
}


class Service:
    """Stands where notes and planner should: keeps the headers of requests, and answers as it is set up."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.status, self.body, self.wait_seconds = 200, b"{}", 0.0
        self._stopped = threading.Event()
        self._open(0)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def says(self, status: int, body: bytes, wait_seconds: float = 0) -> None:
        self.headers.clear()
        self.status, self.body, self.wait_seconds = status, body, wait_seconds

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens on the port."""
        port = self._server.server_port
        self.close()
        try:
            yield
        finally:
            self._open(port)

    def close(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _open(self, port: int) -> None:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                service.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if service._stopped.wait(service.wait_seconds):
                    return
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(service.body)))
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(service.body)

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names are the base class's

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._stopped.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


@pytest.fixture(scope="module")
def played() -> Iterator[Service]:
    service = Service()
    try:
        yield service
    finally:
        service.close()


@pytest.fixture(scope="module")
def url(stack: Stack, played: Service) -> Iterator[str]:
    """A replica that takes `played` for notes and planner, and gives a tool 2 seconds."""
    with another_mcp(stack, NOTES_URL=played.url, PLANNER_URL=played.url, MCP_TOOL_SECONDS="2") as found:
        yield found


def call(url: str, key: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(f"{url}/mcp", json=body, headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["result"]
    return found


def text_of(result: dict[str, Any]) -> str:
    assert result.get("isError") is True, result
    return str(result["content"][0]["text"])


def numbers(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a success with some id in the place of each name."""
    uuid = "00000000-0000-4000-8000-000000000000"

    def number(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [number(name, part) for part in value]
        return (uuid if name == "uuid" else 1) if isinstance(value, str) and value.startswith("{") else value

    return {name: number(name, value) for name, value in arguments.items()}


def test_every_tool_says_which_service_is_away_and_that_nothing_was_changed(
    agent: Agent, played: Service, url: str
) -> None:
    with played.away():
        for name in TOOLS.keys() - IDENTITY - OF_THE_LOG:
            service = "planner" if name in PLANNER else "notes"
            text = text_of(call(url, agent.key, name, numbers(TOOLS[name].success)))
            assert f"Unavailable: the {service} service cannot be reached; nothing was changed." in text
        assert "isError" not in call(url, agent.key, "list_recent_calls", {})


def test_the_callers_key_goes_no_further(agent: Agent, played: Service, url: str) -> None:
    played.says(200, b'{"results": [], "total": 0, "offset": 0, "limit": 50}')
    assert call(url, agent.key, "list_notes", {})["structuredContent"]["notes"] == []
    (headers,) = played.headers
    assert agent.key not in str(headers)
    assert "authorization" not in headers
    assert headers["x-internal-assertion"]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b"<html>oops</html>", "Unavailable: the notes service is in trouble (HTTP 500); nothing was changed."),
        (503, b'{"detail": "busy"}', "Unavailable: the notes service is in trouble (HTTP 503); nothing was changed."),
        (429, b'{"detail": "slowly"}', "Refused: slowly"),
        (400, b"<html>what</html>", "BadArgument: notes answered HTTP 400"),
        (200, b"<html>hello</html>", "Internal: "),
        (200, b"[]", "Internal: "),
    ],
)
def test_a_service_in_trouble_is_a_tools_error(
    agent: Agent, played: Service, url: str, status: int, body: bytes, words: str
) -> None:
    played.says(status, body)
    text = text_of(call(url, agent.key, "list_notes", {}))
    assert words in text
    assert "<html>" not in text


def test_a_tool_does_not_hang_with_a_service(agent: Agent, played: Service, url: str) -> None:
    played.says(200, b"{}", wait_seconds=30)
    reading = text_of(call(url, agent.key, "list_notes", {}))
    writing = text_of(call(url, agent.key, "create_event", {"title": "x", "event_date": "2031-05-09"}))
    assert "Timeout: no answer within 2 s." in reading
    assert "Timeout: no answer within 2 s; whether the change was made is not known" in writing


def test_no_setting_lets_a_tool_take_more_than_18_seconds(stack: Stack) -> None:
    with pytest.raises(AssertionError, match="MCP_TOOL_SECONDS"), another_mcp(stack, MCP_TOOL_SECONDS="18.5"):
        pass
