"""No answer that an agent gets without asking for more is too long for it (decision 60); docs/mcp.md has the table."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from services.mcp.evals.account import Account, seeded
from services.mcp.evals.sizes import BEGIN, END, Size, crowded, measured, table
from services.mcp.tests.test_newer_clients import plain_of
from tests.support.client import Api
from tests.support.mcp import Agent, NewerAgent, rpc

from mcp_service.tools.sizes import MOST_CHARACTERS

DOCS = Path(__file__).parents[3] / "docs" / "mcp.md"
NEAR = 0.1
"""The table may be so much off: ids get longer, texts of the product are changed."""


def rest(agent: NewerAgent, method: str, path: str, body: dict[str, Any] | None) -> Any:
    answer = agent.user.request(method, path, **({} if body is None else {"json": body}))
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def crowd(api: Api) -> tuple[NewerAgent, Account]:
    agent = NewerAgent(api, api.register())

    def call(method: str, path: str, body: dict[str, Any] | None) -> Any:
        return rest(agent, method, path, body)

    account = seeded(call)
    crowded(call, account)
    return agent, account


def length(agent: Agent, tool: str, arguments: dict[str, Any]) -> int:
    return len(json.dumps(agent(tool, **arguments), ensure_ascii=False, separators=(",", ":")))


@pytest.fixture(scope="module")
def sizes(crowd: tuple[NewerAgent, Account]) -> list[Size]:
    agent, account = crowd
    plain = plain_of(agent)
    return measured(
        account,
        lambda tool, arguments: length(agent, tool, arguments),
        lambda tool, arguments: length(plain, tool, arguments),
    )


@pytest.mark.contract("decision 60")
def test_no_default_answer_is_too_long(sizes: list[Size]) -> None:
    for size in sizes:
        assert size.newer <= MOST_CHARACTERS, size
    by_name = {size.tool: size for size in sizes}
    assert by_name["get_note"].plain > 120_000
    assert by_name["update_note"].newer < 1_000
    assert by_name["get_heatmap"].newer < by_name["get_heatmap"].plain / 10


def numbers(text: str) -> dict[str, list[int]]:
    rows = re.findall(r"^\| (\S+) \| ([\d,]+) \| ([\d,]+) \|$", text, re.MULTILINE)
    return {name: [int(part.replace(",", "")) for part in parts] for name, *parts in rows}


def test_the_table_says_what_is_measured(api: Api, crowd: tuple[NewerAgent, Account], sizes: list[Size]) -> None:
    """UPDATE_SIZES=1 writes it anew."""
    agent, _ = crowd
    lists = (agent.rpc("tools/list"), rpc(api, agent.key, "tools/list"))
    listed = tuple(len(json.dumps(found, ensure_ascii=False, separators=(",", ":"))) for found in lists)
    made = table(sizes, (listed[0], listed[1]))
    page = DOCS.read_text()
    if os.environ.get("UPDATE_SIZES") == "1":
        page = page[: page.index(BEGIN)] + made + page[page.index(END) + len(END) :]
        DOCS.write_text(page)
    written, now = numbers(page[page.index(BEGIN) : page.index(END)]), numbers(made)
    assert written.keys() == now.keys()
    for name, values in now.items():
        if "list_courses" in name:
            continue  # public courses of others are among them: as many as there are here
        for value, documented in zip(values, written[name], strict=True):
            assert abs(value - documented) <= max(200, NEAR * documented), (name, value, documented)
    assert now["tools/list"][0] <= 40_000
