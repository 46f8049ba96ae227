"""Each service's user of the bus can do its work and nothing else, on a real server under deploy/nats/nats.conf."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable

import nats
import pytest
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, KeyValueConfig, StorageType, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from notechondria_cli.layout import NATS_CONFIGURATION
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_launcher import Stack

pytestmark = pytest.mark.timeout(60)


class Bus:
    """A connection of one user; ``refused`` collects what the server complains about."""

    def __init__(self, client: Client, refused: list[str], forbidden: asyncio.Event) -> None:
        self.client = client
        self.refused = refused
        self.js: JetStreamContext = client.jetstream(timeout=0.4)
        self._forbidden = forbidden

    async def is_refused(self, call: Awaitable[object]) -> bool:
        """Return whether the server forbids the call; the reason comes by itself, and an answer never does."""
        self.refused.clear()
        self._forbidden.clear()
        answer, forbidden = asyncio.ensure_future(call), asyncio.create_task(self._forbidden.wait())
        await asyncio.wait({answer, forbidden}, return_when=asyncio.FIRST_COMPLETED)
        for task in (answer, forbidden):
            task.cancel()
        with contextlib.suppress(NatsTimeoutError, asyncio.CancelledError):
            await answer
        await self.client.flush()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._forbidden.wait(), 0.05)
        return self._forbidden.is_set()


@contextlib.asynccontextmanager
async def connected(stack: Stack, user: str, prefix: str | None = None) -> AsyncIterator[Bus]:
    """Connect as a user with its own inbox."""
    refused: list[str] = []
    forbidden = asyncio.Event()

    async def on_error(error: Exception) -> None:
        refused.append(str(error).lower())
        if "permissions violation" in refused[-1]:
            forbidden.set()

    client = await nats.connect(
        stack.nats_url(user), error_cb=on_error, inbox_prefix=(prefix or f"_INBOX_{user}").encode()
    )
    try:
        yield Bus(client, refused, forbidden)
    finally:
        await client.close()


def own_stream(service: str) -> StreamConfig:
    """Return the stream that a service keeps."""
    return StreamConfig(name=service.upper(), subjects=[f"{service}.>"], storage=StorageType.FILE)


async def ensure_streams(stack: Stack) -> None:
    """Let every service make its stream, as it does at its start."""
    for service in SERVICES_WITH_SCHEMA:
        async with connected(stack, service) as bus:
            await bus.js.add_stream(own_stream(service))


def test_a_service_does_its_work(stack: Stack) -> None:
    async def story() -> None:
        await ensure_streams(stack)
        async with connected(stack, "notes") as notes, connected(stack, "identity") as identity:
            await notes.js.update_stream(own_stream("notes"))
            received = await notes.client.subscribe("identity.session.revoked")
            await notes.client.flush()
            ack = await identity.js.publish("identity.session.revoked", b"1")
            assert ack.stream == "IDENTITY"
            assert (await received.next_msg(2)).data == b"1"
            for shape in (
                {"durable_name": "notes"},
                {"durable_name": "notes", "filter_subject": "identity.>"},
                {"durable_name": "notes", "name": "notes", "filter_subject": "identity.user.deleted"},
                {
                    "durable_name": "notes",
                    "name": "notes",
                    "filter_subjects": ["identity.user.>", "identity.session.>"],
                },
            ):
                await notes.js.add_consumer(
                    "IDENTITY", ConsumerConfig.from_response({"ack_policy": "explicit", **shape})
                )
            await notes.js.add_consumer("PLANNER", ConsumerConfig(durable_name="notes", ack_policy=AckPolicy.EXPLICIT))
            pull = await notes.js.pull_subscribe_bind("notes", "IDENTITY")
            (message,) = await pull.fetch(1, timeout=2)
            await message.ack_sync(timeout=2)
            assert (await pull.consumer_info()).num_ack_pending == 0
            assert (await notes.js.stream_info("MCP")).config.name == "MCP"
            assert await notes.js.find_stream_name_by_subject("planner.event.created") == "PLANNER"
            assert notes.refused == []

    asyncio.run(story())


def test_capabilities_are_announced_and_watched(stack: Stack) -> None:
    async def story() -> None:
        async with connected(stack, "identity") as identity, connected(stack, "planner") as planner:
            with pytest.raises(NotFoundError):
                await identity.js.key_value("capabilities")
            bucket = await planner.js.create_key_value(KeyValueConfig(bucket="capabilities", storage=StorageType.FILE))
            seen = await identity.js.key_value("capabilities")
            watcher = await seen.watchall()
            await bucket.put("planner", b'{"planner": 1}')
            assert (await seen.get("planner")).value == b'{"planner": 1}'
            keys = []
            for _ in range(3):
                entry = await watcher.updates(timeout=2)  # type: ignore[no-untyped-call]
                keys.append(entry.key if entry else None)
                if "planner" in keys:
                    break
            assert "planner" in keys
            await watcher.stop()  # type: ignore[no-untyped-call]
            assert await planner.is_refused(bucket.put("notes", b"{}"))
            assert identity.refused == []

    asyncio.run(story())


def test_the_rest_is_refused(stack: Stack) -> None:
    async def story() -> None:
        await ensure_streams(stack)
        async with connected(stack, "planner") as planner:
            await planner.js.add_consumer("NOTES", ConsumerConfig(durable_name="planner"))
            await planner.js.publish("planner.event.created", b"1")
        async with connected(stack, "notes") as bus, connected(stack, "admin") as admin:
            before = (await admin.js.stream_info("IDENTITY")).state.messages
            foreign = ConsumerConfig(durable_name="planner", ack_policy=AckPolicy.EXPLICIT)
            for call in (
                bus.js.publish("identity.user.deleted", b"1"),
                bus.client.publish("identity.session.revoked", b"1"),
                bus.client.publish("planner.event.created", b"1"),
                bus.client.publish("$JS.ACK.NOTES.planner.1.1.1.1.0", b""),
                bus.client.publish("$SYS.REQ.SERVER.PING", b""),
                bus.client.publish("_INBOX_planner.x", b"1"),
                bus.js.delete_stream("PLANNER"),
                bus.js.delete_stream("NOTES"),
                bus.js.purge_stream("PLANNER"),
                bus.js.update_stream(own_stream("planner")),
                bus.js.add_stream(StreamConfig(name="OTHER", subjects=["other.>"])),
                bus.js.add_consumer("NOTES", foreign),
                bus.js.add_consumer("PLANNER", ConsumerConfig(ack_policy=AckPolicy.EXPLICIT)),
                bus.js.consumer_info("NOTES", "planner"),
                bus.js.delete_consumer("NOTES", "planner"),
                bus.js.get_msg("PLANNER", 1),
                bus.js.get_msg("PLANNER", 1, direct=True),
                bus.client.request("$JS.API.CONSUMER.MSG.NEXT.NOTES.planner", b"", timeout=0.4),
            ):
                assert await bus.is_refused(call), call
            for subject in (">", "planner.>", "notes.>", "_INBOX_planner.>", "_INBOX.>", "$KV.>", "$JS.EVENT.>"):
                assert await bus.is_refused(bus.client.subscribe(subject)), subject
            assert (await admin.js.stream_info("IDENTITY")).state.messages == before

    asyncio.run(story())


@pytest.mark.parametrize("user", ["notes", "admin", "nobody"])
def test_a_wrong_password_is_refused(stack: Stack, user: str) -> None:
    with socket.create_connection(("127.0.0.1", stack.ports["nats"]), timeout=5) as connection:
        stream = connection.makefile("rwb")
        stream.readline()
        stream.write(
            b"CONNECT " + json.dumps({"user": user, "pass": "wrong", "verbose": False}).encode() + b"\r\nPING\r\n"
        )
        stream.flush()
        answer = stream.readline()
        stream.close()
    assert answer.startswith(b"-ERR 'Authorization Violation'")


def test_the_four_permission_blocks_say_the_same() -> None:
    text = NATS_CONFIGURATION.read_text()
    blocks = {}
    for service in SERVICES_WITH_SCHEMA:
        upper = service.upper()
        block = text.split(f"{upper}_PERMISSIONS: {{")[1].split("\n}")[0]
        blocks[service] = block.replace(f'"{service}.>"', '"<own>.>"').replace(f".{service}", ".<own>")
        blocks[service] = blocks[service].replace(f"_{service}.", "_<own>.").replace(f".{upper}", ".<OWN>")
    assert len(set(blocks.values())) == 1
    assert "sync_interval: always" in text


def test_the_configuration_holds_no_password() -> None:
    text = NATS_CONFIGURATION.read_text()
    assert all(f"${user.upper()}_NATS_PASSWORD" in text for user in (*SERVICES_WITH_SCHEMA, "admin", "system"))
