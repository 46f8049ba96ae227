"""What a program's access token costs beside an API key and a session: `make bench-introspection`.

`POST /internal/introspect` of identity, asked as mcp asks it (with the assertions that come with the answer), in
alternating rounds of one run; nothing is cached on the way. Exit code 1 when a token takes a quarter longer than a key.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from tests.support.client import Api
from tests.support.programs import Program

from bench.load import Sample, closed_loop
from notechondria_launcher.stack import Stack
from notechondria_shared.auth.credentials import digest

AIM = 1.25
WORKERS = 4
ROUNDS = 3


async def measure(stack: Stack, digests: dict[str, str], seconds: float) -> list[Sample]:
    """The questions about each kind of credential, over all rounds."""
    url = f"{stack.service_url('identity')}/internal/introspect"
    limits = httpx.Limits(max_connections=WORKERS, max_keepalive_connections=WORKERS)
    async with httpx.AsyncClient(timeout=20, trust_env=False, limits=limits) as http:

        def question(kind: str) -> Callable[[], Awaitable[bool]]:
            async def ask() -> bool:
                # The token of the call is good for a minute.
                headers = stack.internal_header("identity", "mcp")
                answer = await http.post(url, json={"kind": kind, "digest": digests[kind]}, headers=headers)
                return answer.status_code == 200 and bool(answer.json()["active"])

            return ask

        totals = {kind: Sample(f"introspect {kind}") for kind in digests}
        for number in range(ROUNDS + 1):
            for kind, total in totals.items():
                sample = await closed_loop(total.name, question(kind), workers=WORKERS, seconds=seconds)
                if number:  # the first round warms up
                    total.durations += sample.durations
                    total.failures += sample.failures
                    total.seconds += sample.seconds
    return list(totals.values())


def main() -> int:
    """Run on a stack of its own; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each of the rounds")
    seconds = parser.parse_args().seconds
    environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0", "MCP_RATE_PER_MINUTE": "0"}
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            user = api.register()
            token = Program.registered(api).connect(user)
            credentials = {"key": user.rotate_key(), "session": user.token, "token": token}
            digests = {kind: digest(secret) for kind, secret in credentials.items()}
            samples = asyncio.run(measure(stack, digests, seconds))
    key, _, new = samples
    for sample in samples:
        print(sample.line())
    ratio = key.rate / new.rate if new.rate else 0.0
    print(f"token / key: {ratio:.2f} of the time (aim: {AIM} or less)")
    return 0 if 0 < ratio <= AIM and not sum(sample.failures for sample in samples) else 1


if __name__ == "__main__":
    sys.exit(main())
