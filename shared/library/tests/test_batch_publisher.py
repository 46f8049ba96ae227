"""A batch of messages: what the broker answers to each, and what becomes of those without an answer."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from nats.errors import MaxPayloadError
from nats.js.errors import BadRequestError, NoStreamResponseError

from notechondria_shared.messaging import batch_publisher
from notechondria_shared.messaging.batch_publisher import BatchPublisher, Outgoing

ACCEPTED = json.dumps({"stream": "NOTES", "seq": 4}).encode()
REFUSED = json.dumps({"error": {"code": 400, "err_code": 10060, "description": "expected another stream"}}).encode()


class Broker:
    """Stands in for the client: answers what is published by its subject, the last message first."""

    def __init__(self, *silent: str) -> None:
        self.silent, self.published, self.subscriptions = silent, [], []  # type: ignore[var-annotated]
        self.answers: list[asyncio.Task[None]] = []

    def new_inbox(self) -> str:
        return "_INBOX_notes.x"

    async def subscribe(self, subject: str, cb: Any) -> None:
        self.subscriptions.append(subject)
        self.answer = cb

    async def publish(self, subject: str, body: bytes, reply: str, headers: dict[str, str]) -> None:
        if subject == "too.large":
            raise MaxPayloadError
        self.published.append((subject, headers["Nats-Msg-Id"]))
        if subject in self.silent:
            return
        status = {"Status": "503"} if subject == "no.stream" else None
        data = {"no.stream": b"", "refused": REFUSED}.get(subject, ACCEPTED)
        self.answers.append(asyncio.create_task(self.answer(SimpleNamespace(subject=reply, data=data, headers=status))))


def publish(broker: Broker, *batches: list[str]) -> list[list[Any]]:
    async def run() -> list[list[Any]]:
        publisher = BatchPublisher(SimpleNamespace(client=broker))  # type: ignore[arg-type]
        return [
            await publisher.publish([Outgoing(f"{n}", subject, b"{}", {}) for n, subject in enumerate(batch)])
            for batch in batches
        ]

    return asyncio.run(run())


def test_each_message_has_the_answer_of_the_broker() -> None:
    broker = Broker()
    ((first, no_stream, refused, too_large, last),) = publish(broker, ["a", "no.stream", "refused", "too.large", "b"])
    assert first is last is None
    assert isinstance(no_stream, NoStreamResponseError)
    assert isinstance(refused, BadRequestError)
    assert isinstance(too_large, MaxPayloadError)
    assert broker.published == [("a", "0"), ("no.stream", "1"), ("refused", "2"), ("b", "4")]


def test_what_has_no_answer_in_time_is_a_time_out_and_hinders_no_other_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_publisher, "ANSWER_SECONDS", 0.05)
    broker = Broker("silent")
    (first, silent), second = publish(broker, ["a", "silent"], ["b", "c"])
    assert first is None
    assert isinstance(silent, TimeoutError)
    assert second == [None, None]
    assert broker.subscriptions == ["_INBOX_notes.x.*.*"]
