"""Capabilities are announced and learned as soon as the bus is there, not at the next look."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from nats.errors import Error as NatsError

from notechondria_shared.messaging import capabilities
from notechondria_shared.messaging.capabilities import CapabilityPublisher, CapabilityRegistry


class Bus:
    """A bus that is connected by the test."""

    service = "example"
    connected = False

    def __init__(self) -> None:
        self.listeners: list[Callable[[], Awaitable[None]]] = []

    def on_connect(self, listener: Callable[[], Awaitable[None]]) -> None:
        self.listeners.append(listener)

    async def connect(self) -> None:
        self.connected = True
        for listener in self.listeners:
            await listener()


@pytest.fixture(autouse=True)
def rare_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a connect can be the reason for what happens in a test."""
    monkeypatch.setattr(capabilities, "WATCH_SECONDS", 3600.0)
    monkeypatch.setattr(capabilities, "ANNOUNCE_SECONDS", 3600.0)
    monkeypatch.setattr(capabilities, "SETTLING_SECONDS", 0.0)


async def _until(condition: Callable[[], bool]) -> None:
    # Far beyond what it takes, also on a busy machine.
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nothing signals it
            await asyncio.sleep(0.005)


def test_a_replica_learns_the_capabilities_at_each_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: dict[str, int] = {"notes": 1}

    async def read(self: CapabilityRegistry) -> dict[str, int]:
        return dict(stored)

    monkeypatch.setattr(CapabilityRegistry, "_read", read)

    async def story() -> None:
        bus = Bus()
        board = CapabilityRegistry(bus)  # type: ignore[arg-type]
        board.start()
        await asyncio.sleep(0.02)  # it has looked, and found no connection
        assert board.current() == {}
        await bus.connect()
        await _until(lambda: board.current() == {"notes": 1})
        stored["planner"] = 1
        await bus.connect()
        await _until(lambda: board.current() == {"notes": 1, "planner": 1})
        await board.stop()

    asyncio.run(story())


@pytest.mark.parametrize("error", [NatsError(), TimeoutError(), OSError()])
def test_an_announcement_that_fails_is_made_again_soon(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    tries: list[int] = []

    async def announce(self: CapabilityPublisher) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise error

    monkeypatch.setattr(CapabilityPublisher, "_announce", announce)

    async def story() -> None:
        bus = Bus()
        announcer = CapabilityPublisher(bus, {"notes": 1})  # type: ignore[arg-type]
        announcer.start()
        await bus.connect()
        with contextlib.suppress(TimeoutError):
            await _until(lambda: len(tries) == 2)
        await announcer.stop()

    asyncio.run(story())
    assert len(tries) == 2
