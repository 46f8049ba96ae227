"""Capabilities are announced and learned as soon as the bus is there, not at the next look."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from notechondria_shared.messaging import capabilities
from notechondria_shared.messaging.capabilities import CapabilityMessage, CapabilityPublisher, CapabilityRegistry


class Bus:
    """A bus that is connected by the test."""

    service = "example"
    connected = False

    def __init__(self) -> None:
        self.listeners: list[Callable[[], Awaitable[None]]] = []
        self.client = self
        self.subscriptions: dict[str, Callable[[Msg], Awaitable[None]]] = {}

    async def subscribe(self, subject: str, cb: Callable[[Msg], Awaitable[None]]) -> None:
        assert subject not in self.subscriptions
        self.subscriptions[subject] = cb

    async def announce(self, service: str, data: bytes) -> None:
        (listener,) = self.subscriptions.values()
        await listener(Msg(None, subject=f"$KV.capabilities.{service}", data=data))  # type: ignore[arg-type]

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


def announced(name: str, ago: timedelta = timedelta()) -> CapabilityMessage:
    return CapabilityMessage(capabilities={name: 1}, announced_at=datetime.now(UTC) - ago)


async def _until(condition: Callable[[], bool]) -> None:
    # Far beyond what it takes, also on a busy machine.
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nothing signals it
            await asyncio.sleep(0.005)


def test_a_replica_learns_the_capabilities_at_each_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {"notes": announced("notes")}

    async def read(self: CapabilityRegistry) -> dict[str, CapabilityMessage]:
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
        stored["planner"] = announced("planner")
        await bus.connect()
        await _until(lambda: board.current() == {"notes": 1, "planner": 1})
        await board.stop()

    asyncio.run(story())


def test_what_is_announced_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(self: CapabilityRegistry) -> dict[str, CapabilityMessage]:
        return {"notes": announced("notes"), "planner": announced("planner", timedelta(minutes=3))}

    monkeypatch.setattr(CapabilityRegistry, "_read", read)

    async def story() -> None:
        bus = Bus()
        board = CapabilityRegistry(bus)  # type: ignore[arg-type]
        board.start()
        await bus.connect()
        await _until(lambda: board.current() == {"notes": 1})  # planner has long been silent
        for odd in (b"", b"{", b'{"capabilities": {"x": "y"}}'):
            await bus.announce("planner", odd)
        await bus.announce("unknown", announced("unknown").model_dump_json().encode())
        assert board.current() == {"notes": 1}
        await bus.announce("planner", announced("week").model_dump_json().encode())
        assert board.current() == {"notes": 1, "week": 1}
        await bus.connect()  # the same client subscribes by itself
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


def test_while_services_begin_the_bus_is_asked_seldom_and_again_soon_where_it_could_not_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capabilities, "SETTLING_SECONDS", 3600.0)
    monkeypatch.setattr(capabilities, "SETTLING_WATCH_SECONDS", 0.5)
    monkeypatch.setattr(capabilities, "RETRY_SECONDS", 0.01)
    looks: list[float] = []

    async def read(self: CapabilityRegistry) -> dict[str, CapabilityMessage]:
        looks.append(asyncio.get_running_loop().time())
        if len(looks) <= 3:
            raise NatsError
        return {"notes": announced("notes")}

    monkeypatch.setattr(CapabilityRegistry, "_read", read)

    async def story() -> None:
        bus = Bus()
        board = CapabilityRegistry(bus)  # type: ignore[arg-type]
        await bus.connect()
        board.start()
        await _until(lambda: len(looks) >= 6)
        await board.stop()
        assert board.current() == {"notes": 1}

    asyncio.run(story())
    gaps = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert min(gaps[3:]) > 0.45, gaps
    assert sum(gaps[:3]) < min(gaps[3:]) * 3, gaps
