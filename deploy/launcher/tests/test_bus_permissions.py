"""Each service's user of the bus can do its work, on a real server under deploy/nats/nats.conf.

What it cannot do: tests/attacks/test_bus_rights.py.
"""

import asyncio
import json
import socket

import pytest
from tests.support.bus_user import connected

from notechondria_cli.layout import NATS_CONFIGURATION
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_contracts.events.consumers import CONSUMERS
from notechondria_launcher.stack import Stack
from notechondria_shared.auth.introspection import REVOCATION_SUBJECTS
from notechondria_shared.broker.topology import problems

pytestmark = pytest.mark.timeout(60)
CHANGING = ("CREATE", "UPDATE", "DELETE", "PURGE", "SNAPSHOT", "RESTORE", "STEPDOWN", "DIRECT", "$JS.FC", "PAUSE")


def test_a_service_does_its_work(stack: Stack) -> None:
    async def story() -> None:
        async with connected(stack, "notes") as notes, connected(stack, "identity") as identity:
            received = await notes.client.subscribe("identity.session.revoked")
            await notes.client.flush()
            assert (await identity.js.publish("identity.session.revoked", b"1")).stream == "IDENTITY"
            assert (await received.next_msg(10)).data == b"1"
            await identity.js.publish("identity.user.deleted", b"2")
            pull = await notes.js.pull_subscribe_bind("notes", "IDENTITY")
            (message,) = await pull.fetch(1, timeout=10)
            assert message.data == b"2"
            await message.ack_sync(timeout=10)
            assert (await pull.consumer_info()).num_ack_pending == 0
            assert notes.refused == identity.refused == []

    asyncio.run(story())


@pytest.mark.parametrize("service", SERVICES_WITH_SCHEMA)
def test_a_service_sees_that_its_part_of_the_bus_is_as_it_should_be(stack: Stack, service: str) -> None:
    async def story() -> None:
        async with connected(stack, service) as bus:
            assert await problems(bus.client, service, 1) == []
            assert await problems(bus.client, service, 3) == [
                f"stream {service.upper()} is configured otherwise: num_replicas"
            ]
            assert bus.refused == []

    asyncio.run(story())


def test_capabilities_are_announced_and_read(stack: Stack) -> None:
    async def story() -> None:
        async with connected(stack, "identity") as identity, connected(stack, "planner") as planner:
            received = await identity.client.subscribe("$KV.capabilities.*")
            await identity.client.flush()
            await planner.js.publish("$KV.capabilities.planner", b'{"planner": 1}')
            assert (await received.next_msg(10)).data == b'{"planner": 1}'
            message = await identity.js.get_last_msg("KV_capabilities", "$KV.capabilities.planner", direct=False)
            assert message.data == b'{"planner": 1}'
            assert identity.refused == planner.refused == []

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


@pytest.mark.parametrize("service", SERVICES_WITH_SCHEMA)
def test_a_service_has_the_rights_of_its_consumers_and_no_others(service: str) -> None:
    block = NATS_CONFIGURATION.read_text().split(f"{service.upper()}_PERMISSIONS: {{")[1].split("\n}")[0]
    allowed = {line.strip().strip('"') for line in block.splitlines() if line.strip().startswith('"')}
    own = {f"{service}.>", f"$KV.capabilities.{service}", f"$JS.API.STREAM.INFO.{service.upper()}"}
    for source in CONSUMERS[service]:
        stream = source.upper()
        own |= {f"$JS.API.CONSUMER.{what}.{stream}.{service}" for what in ("INFO", "MSG.NEXT")}
        own.add(f"$JS.ACK.{stream}.{service}.>")
    if service == "identity":
        own |= {"$JS.API.STREAM.MSG.GET.KV_capabilities", "$KV.capabilities.*"}
    received = {f"_INBOX_{service}.>", *REVOCATION_SUBJECTS}
    assert allowed == own | received
    assert not [subject for subject in allowed for word in CHANGING if word in subject]
    assert "sync_interval: always" in NATS_CONFIGURATION.read_text()


def test_the_configuration_holds_no_password() -> None:
    text = NATS_CONFIGURATION.read_text()
    assert all(f"${user.upper()}_NATS_PASSWORD" in text for user in (*SERVICES_WITH_SCHEMA, "admin", "system"))
