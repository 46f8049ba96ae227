"""TLS before a Postgres that has none of its own, as the proxy of a managed database does it (SSLRequest)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)
CHUNK = 64 * 1024


class TlsProxy:
    """Passes on what comes over TLS, and hangs up on whoever speaks in plain text."""

    def __init__(self, target: tuple[str, int], certificate: Path, key: Path) -> None:
        self.encrypted = 0
        self.plain = 0
        self.port = 0
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)

    async def serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        """Accept connections at `port` of localhost until `end` is set."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await end.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
                if await reader.readexactly(8) != SSL_REQUEST:
                    self.plain += 1
                    return
                writer.write(b"S")
                await writer.start_tls(self._context)
                self.encrypted += 1
                inner_reader, inner_writer = await asyncio.open_connection(*self._target)
                await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
        finally:
            writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


@contextmanager
def tls_proxy(target: tuple[str, int], certificate: Path, key: Path) -> Iterator[TlsProxy]:
    """A proxy in a thread of its own."""
    proxy, ready, loop, end = (
        TlsProxy(target, certificate, key),
        threading.Event(),
        asyncio.new_event_loop(),
        asyncio.Event(),
    )
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(ready, end),))
    thread.start()
    try:
        assert ready.wait(10)
        yield proxy
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()
