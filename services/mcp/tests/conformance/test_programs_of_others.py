"""Programs that others wrote connect by OAuth, a real browser on our pages: all of them come from npm (install.sh)."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.browser import opened
from tests.support.client import Api, User
from tests.support.programs import Program, public_url
from tests.support.sdk_program import allow
from tests.support.visit import Visit

from notechondria_cli.ports import choose_port, release_port
from notechondria_contracts.scopes import SCOPES

HERE = Path(__file__).parent
NODE = HERE.parents[3] / ".venv" / ".node"
PACKAGES = NODE / "node_modules"
BINARY = PACKAGES / "node" / "bin" / "node"
SUITE = PACKAGES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
REMOTE = PACKAGES / "mcp-remote" / "dist" / "proxy.js"
INSPECTOR = PACKAGES / ".bin" / "mcp-inspector"
URL = re.compile(r"https?://[^\s\"']+/oauth/authorize\?[^\s\"']+")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (INSPECTOR.exists() and REMOTE.exists() and BINARY.exists()),
        reason="NOT RUN: programs of others need Node; `make conformance` installs them",
    ),
]


@dataclass
class Running:
    """A program, and the lines that it wrote."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str] = field(default_factory=queue.Queue)
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        streams = (self.process.stdout, self.process.stderr)
        self._readers = [threading.Thread(target=self._read, args=(stream,), daemon=True) for stream in streams]
        for reader in self._readers:
            reader.start()

    def end(self) -> None:
        """Read what is left."""
        for reader in self._readers:
            reader.join(10)

    def _read(self, stream: Any) -> None:
        for line in stream:
            self.lines.put(line)

    def line(self, pattern: str | re.Pattern[str], seconds: float = 60) -> str:
        """What the next line that fits holds of it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                line = self.lines.get(timeout=0.5)
            except queue.Empty:
                continue
            self.seen.append(line)
            if match := re.search(pattern, line):
                return match[0]
        pytest.fail(f"nothing like {pattern!r} within {seconds} s:\n{''.join(self.seen)}")

    def send(self, message: dict[str, Any]) -> None:
        """A JSON-RPC message to its standard input."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()


@contextmanager
def running(*command: str | Path, folder: Path) -> Iterator[Running]:
    """Run a program of Node with a home of its own; no browser that it could open itself."""
    environment = {
        "PATH": f"{BINARY.parent}:{folder}:{os.environ['PATH']}",
        "HOME": str(folder),
        "MCP_REMOTE_CONFIG_DIR": str(folder / "remote"),
        "NO_PROXY": "localhost,127.0.0.1",
        "MCP_AUTO_OPEN_ENABLED": "true",
    }
    for name in ("xdg-open", "open"):
        stub = folder / name
        stub.write_text("#!/bin/sh\nexit 0\n")
        stub.chmod(0o755)
    pipe = subprocess.PIPE
    arguments = [str(part) for part in command]
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        program = Running(process)
        try:
            yield program
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            program.end()


@pytest.fixture
def visit(api: Api, tmp_path: Path) -> Iterator[Visit]:
    with opened(scripts=False) as browser:
        yield Visit(browser, api.stack.url, tmp_path, "")


@pytest.fixture
def user(api: Api) -> User:
    return api.register()


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_the_suite_tries_the_authorization_server(
    api: Api, visit: Visit, user: User, tmp_path: Path, revision: str
) -> None:
    port = choose_port()
    program = Program.registered(api, f"http://127.0.0.1:{port}/callback")
    base = public_url(api)
    options = ["--url", base, "--client-id", program.client_id, "--resource", f"{base}/mcp", "--port", str(port)]
    command: tuple[str | Path, ...] = (
        BINARY,
        SUITE,
        "authorization",
        *options,
        "--spec-version",
        revision,
        "-o",
        tmp_path / "results",
    )
    try:
        with running(*command, folder=tmp_path) as suite:
            allow(visit, suite.line(URL), user)
            assert suite.process.wait(30) == 0
    finally:
        release_port(port)
    checks: dict[str, str] = {}
    for file in (tmp_path / "results").rglob("checks.json"):
        checks |= {check["id"]: check["status"] for check in json.loads(file.read_text())}
    assert checks == {
        "authorization-server-metadata": "SUCCESS",
        "authorization-server-metadata-cimd": "SUCCESS",
        "authorization-code-grant": "SUCCESS",
    }


def test_the_typescript_sdk(api: Api, visit: Visit, user: User, tmp_path: Path) -> None:
    command = (BINARY, HERE / "typescript_program.mjs", NODE, f"{public_url(api)}/mcp")
    with running(*command, folder=tmp_path) as sdk:
        allow(visit, sdk.line(URL), user, ("notes:write", "planner:write"))
        for _ in ("to write", "after it gave its tokens back"):
            allow(visit, sdk.line(URL), user)
        seen = json.loads(sdk.line(r"^\{.*\}$"))
    assert seen["first"] == "notes:read planner:read profile"
    assert "create_note" not in seen["before"]
    assert "notes:write" in seen["after"]
    assert user.get(f"notes/{seen['made']['id']}/").json()["title"] == "By TypeScript"
    assert (seen["asked"], seen["renewed"], seen["askedForRenewal"]) == (2, True, 0)
    assert (seen["revoked"], seen["again"], seen["askedAgain"]) == (200, True, 1)


def test_mcp_remote(api: Api, visit: Visit, user: User, tmp_path: Path) -> None:
    with running(BINARY, REMOTE, f"{public_url(api)}/mcp", folder=tmp_path) as remote:
        info = {"name": "desktop", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
        remote.send({"id": 1, "method": "initialize", "params": params})
        allow(visit, remote.line(URL), user)
        assert '"notechondria-mcp"' in remote.line(r'\{.*"id":1[,}].*')
        remote.send({"method": "notifications/initialized"})
        remote.send({"id": 2, "method": "tools/call", "params": {"name": "create_note", "arguments": {"title": "Far"}}})
        answer = json.loads(remote.line(r'\{.*"id":2[,}].*'))
    assert answer["result"]["structuredContent"]["title"] == "Far"
    (program,) = user.get("auth/programs/").json()["programs"]
    assert program["scopes"] == list(SCOPES)


def test_the_inspectors_command_line(api: Api, visit: Visit, user: User, tmp_path: Path) -> None:
    port = choose_port()
    try:
        command = (INSPECTOR, "--cli", "--server-url", f"{public_url(api)}/mcp", "--transport", "http")
        options = ("--callback-url", f"http://127.0.0.1:{port}/oauth/callback", "--format", "json")
        with running(*command, *options, "--method", "tools/list", folder=tmp_path) as inspector:
            allow(visit, inspector.line(URL), user)
            listed = inspector.line(r'\{.*"tools".*\}')
    finally:
        release_port(port)
    assert '"create_note"' in listed
