"""The background loops outlive what nobody foresaw."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notechondria_shared.messaging.consumer import Consumer, Subscription
from notechondria_shared.messaging.relay import Relay


class Bus:
    service = "example"
    connected = True

    def on_disconnect(self, listener: Any) -> None:
        self.listener = listener


def test_a_consumer_starts_over_after_an_unforeseen_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    async def pull(self: Consumer) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise ZeroDivisionError
        self._stopping = True

    monkeypatch.setattr(Consumer, "_pull", pull)
    monkeypatch.setattr("notechondria_shared.messaging.consumer.asyncio.sleep", _at_once)
    consumer = Consumer(Bus(), None, None, Subscription("notes", {}), [], None)  # type: ignore[arg-type]
    asyncio.run(consumer._run())
    assert len(rounds) == 2


def test_a_relay_starts_over_after_an_unforeseen_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    async def session(self: Relay) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise ZeroDivisionError
        self._stopping.set()

    monkeypatch.setattr(Relay, "_session", session)
    monkeypatch.setattr("notechondria_shared.messaging.relay.asyncio.sleep", _at_once)

    async def run() -> None:
        await Relay(Bus(), "", "example", None)._run()  # type: ignore[arg-type]

    asyncio.run(run())
    assert len(rounds) == 2


async def _at_once(seconds: float) -> None:
    return None
