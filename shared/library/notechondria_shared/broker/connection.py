"""The NATS client of the library, holding one socket at a time, and TLS where the address asks for it."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client
from nats.errors import Error

NO_TLS = "nats: the address says tls:// and the server offers no TLS; nothing was sent to it"


class Connection(Client):
    """nats-py's client; a reconnect that failed in its handshake does not leave its socket behind.

    nats-py forgets that socket when it tries the next server: it stays open, here and at the server, until Python
    happens to collect it. And it takes `tls://` for a wish: a server that does not demand TLS would get user and
    password in plain text.
    """

    async def _connect_to_server(self, s: Any) -> None:
        if self._transport:
            self._transport.close()  # type: ignore[no-untyped-call]  # that of nats-py
        await super()._connect_to_server(s)

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        """The server's first line comes before user and password are sent."""
        if initial_connection and self._current_server and self._current_server.uri.scheme == "tls":
            if not info.get("tls_required") and not info.get("tls_available"):
                raise Error(NO_TLS)
            info["tls_required"] = True
        await super()._process_info(info, initial_connection)
