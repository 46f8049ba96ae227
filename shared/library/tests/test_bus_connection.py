"""The connection to the bus holds one socket, whatever its reconnects run into."""

from __future__ import annotations

import asyncio
import gc
import json

from notechondria_shared.messaging.bus import Bus

INFO = (
    b"INFO " + json.dumps({"server_id": "S", "version": "2", "max_payload": 1024, "headers": True}).encode() + b"\r\n"
)


class Server:
    """Speaks as much of the NATS protocol as a handshake needs; `failing` connections after the first get no answer."""

    def __init__(self, failing: int) -> None:
        self.failing = failing
        self.opened = 0
        self.left: asyncio.Queue[int] = asyncio.Queue()
        """The number of each connection that the client ended."""
        self.first: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        number = self.opened
        writer.write(INFO)
        try:
            if number == 1:
                self.first = writer
            silent = 1 < number <= 1 + self.failing
            while line := await reader.readline():
                if line == b"PING\r\n":
                    writer.write(b"-ERR 'try again'\r\n" if silent else b"PONG\r\n")
            self.left.put_nowait(number)
        except ConnectionError:
            self.left.put_nowait(number)
        finally:
            writer.close()


async def _failed_reconnects(failing: int) -> None:
    here = Server(failing)
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0)
    bus = Bus("notes", f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    connected: asyncio.Queue[None] = asyncio.Queue()
    bus.on_connect(lambda: connected.put(None))
    bus.start()
    try:
        async with asyncio.timeout(20):
            await connected.get()
            assert here.first is not None
            here.first.close()
            await connected.get()
            ended = {await here.left.get() for _ in range(failing + 1)}
        assert ended == set(range(1, failing + 2)), "all but the last were closed, without the collector"
    finally:
        await bus.close()
        server.close()


def test_a_reconnect_that_fails_in_its_handshake_closes_its_socket() -> None:
    gc.collect()
    gc.disable()
    try:
        asyncio.run(_failed_reconnects(3))
    finally:
        gc.enable()
