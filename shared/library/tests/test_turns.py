"""One costly read of a person at a time."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import Request

from notechondria_shared.core.errors import Unavailable
from notechondria_shared.web.turns import Turns


def from_address(address: str) -> Request:
    headers = [(b"x-forwarded-for", address.encode())]
    return Request({"type": "http", "headers": headers, "client": ("127.0.0.1", 1)})


def test_a_person_has_one_turn_at_a_time_and_others_have_theirs() -> None:
    async def run() -> None:
        turns, order = Turns(most=3), list[str]()
        first_may_end = asyncio.Event()

        async def read(name: str, user_id: int, address: str = "192.0.2.1") -> None:
            async with turns.of(from_address(address), user_id):
                order.append(f"{name} begins")
                if name == "first":
                    await first_may_end.wait()
                order.append(f"{name} ends")

        own = [asyncio.create_task(read(name, 7)) for name in ("first", "second", "third")]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await read("fourth", 7)
        await read("other", 8)
        await read("anonymous", 0)
        await read("network", 0, "2001:db8::1")
        assert order == [
            "first begins", "other begins", "other ends", "anonymous begins", "anonymous ends", "network begins",
            "network ends",
        ]  # fmt: skip
        own[1].cancel()
        first_may_end.set()
        await asyncio.gather(*own, return_exceptions=True)
        assert order[-3:] == ["first ends", "third begins", "third ends"]
        assert not turns._lines

    asyncio.run(run())


def test_an_ipv6_network_is_one_person() -> None:
    async def run() -> None:
        turns = Turns(most=1)
        async with turns.of(from_address("2001:db8::1"), 0):
            with pytest.raises(Unavailable):
                async with turns.of(from_address("2001:db8::2"), 0):
                    pass
            async with turns.of(from_address("2001:db8:1::2"), 0):
                pass

    asyncio.run(run())
