"""Many messages to JetStream at once: all are on their way before the first answer is waited for.

The library's own `publish` is a request: a future, a time-out and an answer read as JSON for each message. Here a batch
has one subscription for its answers and one time-out, and the messages leave in one write.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import APIError, NoStreamResponseError

from notechondria_shared.core.trace_context import traces
from notechondria_shared.messaging.bus import Bus

ANSWER_SECONDS = 5.0
NO_RESPONDERS = "503"
"""The broker's status when no stream takes a subject."""
Result = BaseException | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send; `id` is what the broker knows it again by."""

    id: str
    subject: str
    body: bytes
    headers: Mapping[str, str]
    traceparent: str | None = None


@dataclass(slots=True)
class _Batch:
    """Answers that are waited for: None for a message that the stream keeps, else why it does not."""

    results: list[Result]
    missing: int
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, number: int, result: Result) -> None:
        if isinstance(self.results[number], TimeoutError):
            self.results[number] = result
            self.missing -= 1
            if not self.missing:
                self.answered.set()


class BatchPublisher:
    """Publishes one batch at a time."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._client: Client | None = None
        self._inbox = ""
        self._number = 0
        self._batch = _Batch([], 0)

    async def publish(self, messages: Sequence[Outgoing]) -> list[Result]:
        """Of each message None when the broker has it, else the error; raises what concerns the connection."""
        client = await self._subscribed()
        self._number += 1
        self._batch = batch = _Batch([TimeoutError("no answer") for _ in messages], len(messages))
        for number, message in enumerate(messages):
            with traces().sending(message.subject, message.id, message.traceparent):
                try:
                    await client.publish(
                        message.subject,
                        message.body,
                        reply=f"{self._inbox}.{self._number}.{number}",
                        headers={"Nats-Msg-Id": message.id, **message.headers},
                    )
                except NatsError as error:
                    batch.settle(number, error)
        with suppress(TimeoutError):  # the results say whose answer is missing
            await asyncio.wait_for(batch.answered.wait(), ANSWER_SECONDS)
        return batch.results

    async def _subscribed(self) -> Client:
        """The client, with a subscription to answers; a reconnect keeps it, a client in its stead has none yet."""
        client = self._bus.client
        if client is not self._client:
            self._inbox = client.new_inbox()
            await client.subscribe(f"{self._inbox}.*.*", cb=self._answer)
            self._client = client
        return client

    async def _answer(self, message: Msg) -> None:
        _, batch, number = message.subject.rsplit(".", 2)
        if batch == str(self._number):  # no answer to a batch that was given up
            self._batch.settle(int(number), _problem(message))


def _problem(message: Msg) -> Result:
    if (message.headers or {}).get("Status") == NO_RESPONDERS:
        return NoStreamResponseError()
    if b'"error"' not in message.data:
        return None
    try:
        APIError.from_error(json.loads(message.data)["error"])  # raises the error of its code
    except NatsError as error:
        return error
    except (ValueError, KeyError, TypeError) as error:
        return NatsError(f"an answer that cannot be read: {error}")
    return None
