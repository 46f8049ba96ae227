"""Sign-ins beside other people's requests: `make bench-identity`.

Aim: 30 sign-ins a second on 2 cores while `GET /settings/` of others keeps its p99 under 100 ms. The same settings load
without sign-ins runs first, so that the ratio shows what sign-ins cost whatever the machine does otherwise.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import httpx
from tests.support.client import PASSWORD, Api, User

from bench.load import Sample, open_loop
from notechondria_launcher.stack import Stack

SECONDS = 10.0
SETTINGS_RATE = 50.0
SIGN_IN_RATE = 30.0


async def measure(api: Api, users: list[User]) -> tuple[Sample, Sample, Sample]:
    """(settings alone, settings beside sign-ins, the sign-ins)."""
    # A client each: those who wait for a sign-in must not hold the connections of those who do not.
    limits = httpx.Limits(max_connections=200)
    async with (
        httpx.AsyncClient(timeout=20, trust_env=False, limits=limits) as http,
        httpx.AsyncClient(timeout=20, trust_env=False, limits=limits) as gateway,
    ):
        turn = 0

        def next_user() -> User:
            nonlocal turn
            turn += 1
            return users[turn % len(users)]

        async def settings() -> bool:
            return (await http.get(api.url("settings/"), headers=next_user().headers)).status_code == 200

        async def sign_in() -> bool:
            body = {"email": next_user().email, "password": PASSWORD}
            return (await gateway.post(api.url("auth/login/"), json=body)).status_code == 200

        await open_loop("warm-up", settings, rate=SETTINGS_RATE, seconds=2)
        alone = await open_loop("GET settings, nobody signs in", settings, rate=SETTINGS_RATE, seconds=SECONDS)
        beside, sign_ins = await asyncio.gather(
            open_loop("GET settings, beside the sign-ins", settings, rate=SETTINGS_RATE, seconds=SECONDS),
            open_loop("POST login", sign_in, rate=SIGN_IN_RATE, seconds=SECONDS),
        )
    return alone, beside, sign_ins


def main() -> None:
    """Run on a stack of its own; print the figures."""
    environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "10000"}
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            users = [api.register() for _ in range(20)]
            alone, beside, sign_ins = asyncio.run(measure(api, users))
    for sample in (alone, beside, sign_ins):
        print(sample.line())
    ratio = beside.percentile(0.99) / alone.percentile(0.99)
    print(f"settings p99 beside sign-ins / alone: {ratio:.2f}")
    print(f"aims: sign-ins {sign_ins.rate:.1f}/s of 30; settings p99 {beside.percentile(0.99):.0f} ms of 100")


if __name__ == "__main__":
    main()
