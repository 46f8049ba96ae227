"""Connections to addresses that people or programs name: only to what was resolved and is public (planner §5.2)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore

from notechondria_shared.web.public_addresses import is_public

Resolve = Callable[[str, int], Awaitable[list[str]]]
REFUSED = "Its address does not lie in the public internet."
UNKNOWN = "Its host name is not known."
_MOST_TRIED = 3


class Refused(Exception):
    """The address may not be connected to; the text can be shown."""


class UnknownName(Refused):
    """The name leads nowhere, at the moment."""


class Resolver:
    """Asks the system for the addresses of a name, in threads of its own: slow name servers hold up nobody else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(8, "outside-dns")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses, in the order to try them; `UnknownName` when there are none."""
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.run_in_executor(
                self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError):
            raise UnknownName(UNKNOWN) from None
        return list(dict.fromkeys(str(entry[4][0]) for entry in addresses))

    def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name once and connects to exactly the addresses that were checked: a second answer is never asked for.

    `allowed` hosts, as they stand in the address, are connected to wherever they lie.
    """

    def __init__(self, allowed: Iterable[str], resolve: Resolve) -> None:
        self._allowed = frozenset(host.lower().strip("[]") for host in allowed)
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; `Refused` before any connection when none may be used."""
        name = host.lower().strip("[]")
        addresses = await self._resolve(name, port)
        if name not in self._allowed:
            addresses = [address for address in addresses if is_public(address)]
        if not addresses:
            raise Refused(REFUSED)
        for index, address in enumerate(tried := addresses[:_MOST_TRIED]):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if index == len(tried) - 1:
                    raise
        raise Refused(REFUSED)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
