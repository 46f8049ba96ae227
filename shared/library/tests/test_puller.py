"""Events of a consumer many at a time, by a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig

from notechondria_launcher.stack import Stack
from notechondria_shared.messaging.puller import Puller

STREAM, SUBJECT, DURABLE = "PULLED", "pulled.event", "reader"


def with_consumer(stack: Stack, steps: Callable[[Client, Puller], Awaitable[None]]) -> None:
    """Run the steps with an empty stream and a consumer of it; the clean-up is done whatever happens."""

    async def run() -> None:
        client = await nats.connect(stack.nats_url("admin"))
        stream = client.jetstream()
        try:
            await stream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECT]))
            await stream.add_consumer(STREAM, ConsumerConfig(durable_name=DURABLE, ack_policy=AckPolicy.EXPLICIT))
            puller = Puller(client, STREAM, DURABLE)
            await puller.open()
            async with asyncio.timeout(60):
                await steps(client, puller)
            await puller.close()
        finally:
            await stream.delete_stream(STREAM)
            await client.close()

    asyncio.run(run())


async def publish(client: Client, *bodies: str) -> None:
    for body in bodies:
        await client.jetstream().publish(SUBJECT, body.encode(), timeout=30)


def test_events_come_in_their_order_and_no_more_than_are_asked_for(stack: Stack) -> None:
    async def steps(client: Client, puller: Puller) -> None:
        await publish(client, *"abcde")
        first = await puller.fetch(3, 10)
        rest = await puller.fetch(3, 1)
        assert [message.data for message in first + rest] == [b"a", b"b", b"c", b"d", b"e"]
        assert [message.metadata.num_pending for message in first] == [4, 3, 2]
        for message in first + rest:
            assert message.subject == SUBJECT
            await message.ack()
        await client.flush()
        info = await client.jetstream().consumer_info(STREAM, DURABLE)
        assert (info.num_ack_pending, info.num_pending, info.num_redelivered) == (0, 0, 0)
        with pytest.raises(TimeoutError):
            await puller.fetch(3, 0.1)

    with_consumer(stack, steps)


def test_a_request_is_answered_as_soon_as_it_is_full(stack: Stack) -> None:
    async def steps(client: Client, puller: Puller) -> None:
        waiting = asyncio.create_task(puller.fetch(1, 50))
        await asyncio.sleep(0.2)
        await publish(client, "a", "b")
        (message,) = await asyncio.wait_for(waiting, 20)
        assert message.data == b"a"
        (message,) = await puller.fetch(1, 20)
        assert message.data == b"b"

    with_consumer(stack, steps)


def test_an_event_that_came_after_its_request_was_given_up_is_the_next_one(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The request goes on at the broker for nine seconds longer than it is waited for.
    monkeypatch.setattr("notechondria_shared.messaging.puller._LATE_SECONDS", -9)

    async def steps(client: Client, puller: Puller) -> None:
        with pytest.raises(TimeoutError):
            await puller.fetch(1, 9.2)
        await publish(client, "a")
        async with asyncio.timeout(20):
            while not puller._arrived:  # noqa: ASYNC110 - nothing signals it
                await asyncio.sleep(0.01)
        (message,) = await puller.fetch(5, 9)
        assert message.data == b"a"

    with_consumer(stack, steps)


def test_a_request_to_a_consumer_that_is_gone_is_an_error_and_at_once(stack: Stack) -> None:
    async def steps(client: Client, puller: Puller) -> None:
        waiting = asyncio.create_task(puller.fetch(1, 50))
        await asyncio.sleep(0.2)
        await client.jetstream().delete_consumer(STREAM, DURABLE)
        with pytest.raises(NatsError):
            await asyncio.wait_for(waiting, 20)
        with pytest.raises(NatsError):
            await asyncio.wait_for(puller.fetch(1, 50), 20)

    with_consumer(stack, steps)
