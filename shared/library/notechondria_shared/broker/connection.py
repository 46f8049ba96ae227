"""The NATS client of the library, holding one socket at a time."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client


class Connection(Client):
    """nats-py's client; a reconnect that failed in its handshake does not leave its socket behind.

    nats-py forgets that socket when it tries the next server: it stays open, here and at the server, until Python
    happens to collect it.
    """

    async def _connect_to_server(self, s: Any) -> None:
        if self._transport:
            self._transport.close()  # type: ignore[no-untyped-call]  # that of nats-py
        await super()._connect_to_server(s)
