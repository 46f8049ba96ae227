"""A tool beside the REST call it wraps: `make bench-mcp`.

`tools/call list_notes` (one plain client, several at once) and `GET /notes/?scope=personal&limit=50`, both through the
gateway, in alternating rounds of one run, and the processor time that each part of the stack takes for a call. Exit
code 1 when the tool reaches less than 0.8 of the call's rate.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
from tests.support.client import Api, User

from bench import processor
from bench.load import Sample, closed_loop
from notechondria_launcher.stack import Stack

AIM = 0.8
NOTES = 60
WORKERS = 4
ROUNDS = 3
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_notes", "arguments": {"limit": 50}},
}


async def measure(stack: Stack, api: Api, key: str, seconds: float) -> list[tuple[Sample, processor.Spent]]:
    """REST and MCP, each over all rounds."""
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=WORKERS, max_keepalive_connections=WORKERS)
    async with httpx.AsyncClient(timeout=20, trust_env=False, limits=limits, headers=headers) as http:

        async def rest() -> bool:
            answer = await http.get(api.url("notes/?scope=personal&limit=50"))
            return answer.status_code == 200 and len(answer.json()["results"]) == 50

        async def tool() -> bool:
            answer = await http.post(api.url("/mcp"), json=CALL)
            result: dict[str, Any] = answer.json()["result"]
            return answer.status_code == 200 and len(result["structuredContent"]["notes"]) == 50

        totals = (Sample("GET /api/v1/notes/?limit=50"), Sample("tools/call list_notes"))
        costs = (processor.Spent(), processor.Spent())
        for number in range(ROUNDS + 1):
            for total, cost, call in zip(totals, costs, (rest, tool), strict=True):
                with processor.measured(processor.pids_of(stack)) as spent:
                    sample = await closed_loop(total.name, call, workers=WORKERS, seconds=seconds)
                if number:  # the first round warms up
                    total.durations += sample.durations
                    total.failures += sample.failures
                    total.seconds += sample.seconds
                    cost.add(spent)
    return list(zip(totals, costs, strict=True))


def fill(user: User) -> None:
    """Notes to list."""
    for number in range(NOTES):
        answer = user.post("notes/", {"title": f"Note {number}", "content": f"# Note {number}\n\n" + "word " * 200})
        assert answer.status_code == 201, answer.text


def main() -> int:
    """Run on a stack of its own; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each of the rounds")
    seconds = parser.parse_args().seconds
    environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0", "MCP_RATE_PER_MINUTE": "0"}
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            user = api.register()
            fill(user)
            (rest, rest_cost), (tool, tool_cost) = asyncio.run(measure(stack, api, user.rotate_key(), seconds))
    ratio = tool.rate / rest.rate if rest.rate else 0.0
    print(rest.line())
    print(tool.line())
    print(rest_cost.line(rest.name, len(rest.durations)))
    print(tool_cost.line(tool.name, len(tool.durations)))
    each = [cost.total / max(len(sample.durations), 1) for sample, cost in ((rest, rest_cost), (tool, tool_cost))]
    cost = each[1] / each[0] if each[0] else 0.0
    print(f"tool / REST: {ratio:.2f} (aim: {AIM} or more); processor time x {cost:.2f}")
    return 0 if ratio >= AIM and not rest.failures + tool.failures else 1


if __name__ == "__main__":
    sys.exit(main())
