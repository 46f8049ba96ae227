"""The official conformance suite, and the TypeScript SDK's client: both come from npm (install.sh)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.support.client import Api
from tests.support.key_proxy import KeyProxy
from tests.support.mcp import Agent, another_mcp

from notechondria_launcher.stack import Stack

HERE = Path(__file__).parent
NODE = HERE.parents[3] / ".venv" / ".node"
PACKAGES = NODE / "node_modules"
SUITE = PACKAGES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
BINARY = PACKAGES / "node" / "bin" / "node"
RUN_SECONDS = 55

pytestmark = pytest.mark.skipif(
    not (SUITE.exists() and BINARY.exists()),
    reason="NOT RUN: the MCP conformance suite and the TypeScript client need Node; `make conformance` installs them",
)


@pytest.mark.parametrize(("revision", "scenarios"), [("2025-11-25", 30), ("2026-07-28", 37)])
def test_conformance(stack: Stack, agent: Agent, tmp_path: Path, revision: str, scenarios: int) -> None:
    fixtures = {"MCP_FIXTURES": "conformance_fixtures:mount", "PYTHONPATH": str(HERE)}
    with another_mcp(stack, **fixtures) as url:
        proxy = KeyProxy(int(url.rpartition(":")[2]), agent.key)
        command = [str(BINARY), str(SUITE), "server", "--url", proxy.url, "--requirements", revision]
        options = ["--expected-failures", str(HERE / "expected-failures.yaml"), "-o", str(tmp_path)]
        try:
            ran = subprocess.run([*command, *options], capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
        finally:
            proxy.close()
    summary = ran.stdout.partition("=== SUMMARY ===")[2]
    required = required_scenarios(revision)
    assert len(required) == scenarios
    passed = set(re.findall(r"^✓ ([\w-]+):", summary, re.MULTILINE))
    assert required <= passed, f"{sorted(required - passed)}\n{ran.stdout[-4000:]}"
    assert ran.returncode == 0, ran.stdout[-4000:]


def required_scenarios(revision: str) -> set[str]:
    """The scenarios that the suite's own list of requirements scores for servers."""
    text = (SUITE.parents[1] / "requirements" / f"{revision}.yaml").read_text()
    server = re.search(r"^server:\n((?:  - .*\n)+)", text, re.MULTILINE)
    assert server
    return set(re.findall(r"- ([\w-]+)", server[1]))


def test_nothing_is_expected_to_fail() -> None:
    assert (HERE / "expected-failures.yaml").read_text() == "server: []\n"


def test_the_typescript_client(api: Api, agent: Agent) -> None:
    command = [str(BINARY), str(HERE / "typescript_client.mjs"), str(NODE), api.url("/mcp"), agent.key]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["server"]["name"] == "notechondria-mcp"
    assert "Notechondria" in seen["instructions"]
    assert len(seen["tools"]) == 51
    assert seen["made"] == seen["text"]
    assert agent("get_note", note_id=seen["made"]["id"])["content"] == "Hello"
    assert seen["missing"]["isError"] is True
    assert seen["resource"]["text"] == "Hello"
    assert "a thought" in seen["prompt"]
