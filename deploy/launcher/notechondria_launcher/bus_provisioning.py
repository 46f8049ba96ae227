"""Keeps streams and consumers of the bus as the services need them (ADR 0030): at start, and whenever one is lost."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from notechondria_shared.messaging.provisioning import Change, administrator, provision

_FIRST_SECONDS = 20.0
_POLL_SECONDS = 0.1
_RECONNECT_SECONDS = 0.25
_GATHER_SECONDS = 0.05
"""What is deleted or made comes in rows: they are looked at together."""
_LOOK_SECONDS = 30.0
"""Changes of a configuration are not always said by the broker."""
_FAILED_SECONDS = 5.0
_ADVISORIES = ("$JS.EVENT.ADVISORY.STREAM.*.>", "$JS.EVENT.ADVISORY.CONSUMER.*.>")


class BusProvisioning:
    """A thread with the administrator's connection; `note` gets a sentence for whatever it mends."""

    def __init__(self, url: str, replicas: int, note: Callable[[str], None]) -> None:
        self._url, self._replicas, self._note = url, replicas, note
        self._first = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._provisioned = False
        self._failed: set[str] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="bus provisioning", daemon=True)

    def start(self, cancelled: Callable[[], bool]) -> bool:
        """Begin, and wait until the first look is over; False when the bus did not answer in time."""
        self._thread.start()
        deadline = time.monotonic() + _FIRST_SECONDS
        while not cancelled() and time.monotonic() < deadline:
            if self._first.wait(_POLL_SECONDS):
                return True
        return False

    def stop(self) -> None:
        """End; harmless when it has not begun."""
        with self._lock:
            self._ended = True
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)
        if self._thread.is_alive():
            self._thread.join()

    async def _run(self) -> None:
        with self._lock:
            if self._ended:
                return
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(self._keep())
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with self._lock:
            self._loop = None

    async def _keep(self) -> None:
        while True:
            happened = asyncio.Event()

            async def received(*_: Msg) -> None:
                happened.set()  # noqa: B023 - of this connection

            with contextlib.suppress(NatsError, OSError, TimeoutError):
                async with administrator(self._url, received) as client:
                    for subject in _ADVISORIES:
                        await client.subscribe(subject, cb=received)
                    await self._watch(client, happened)
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _watch(self, client: Client, happened: asyncio.Event) -> None:
        """Provision now and after each advisory, until the connection is lost."""
        while client.is_connected:
            happened.clear()
            changes = await provision(client, self._replicas)
            self._report(changes)
            failed = any(change.is_wrong for change in changes)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(happened.wait(), _FAILED_SECONDS if failed else _LOOK_SECONDS)
            await asyncio.sleep(_GATHER_SECONDS)

    def _report(self, changes: Sequence[Change]) -> None:
        """Note what was done; on a new data folder all is made, which is worth no line. A failure is noted once."""
        notable = [one for one in changes if self._provisioned or one.action != "made"]
        for one in notable:
            if one.sentence not in self._failed:
                self._note(f"The bus: {one.sentence}.")
        if any(one.action == "made" for one in notable):
            self._note("After a loss of the bus's data: notechondria events replay.")
        self._failed = {one.sentence for one in changes if one.is_wrong}
        self._provisioned = True
        self._first.set()
