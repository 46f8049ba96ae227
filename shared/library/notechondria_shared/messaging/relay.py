"""The relay: sends committed events to JetStream, in order, one relay per schema at a time (ADR 0002)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from nats.errors import Error as NatsError
from nats.js.errors import NoStreamResponseError, NotFoundError
from psycopg import sql
from psycopg.rows import dict_row

from notechondria_shared.broker.topology import stream_name
from notechondria_shared.core.background import end
from notechondria_shared.db.replica import connection_name
from notechondria_shared.messaging.batch_publisher import BatchPublisher, Outgoing
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.signatures import EventSignatures

logger = logging.getLogger("notechondria.relay")


POLL_SECONDS = 2.0
GATHER_SECONDS = 0.05
"""In busy times events are gathered this long and sent together: every look into the outbox has its price."""
BUSY_SECONDS = 0.1
"""Busy is who is woken again within this time."""
FLUSH_SECONDS = 5.0
"""For what is committed when the service stops; what is left goes out at the next start."""
BATCH = 128
LATE_SECONDS = 1.0
"""So late may a transaction commit an event with a lower id than one that was sent, and still be seen at once."""
CONTENT_TYPE = {"Content-Type": "application/cloudevents+json"}
Row = dict[str, Any]


class _LowWater:
    """Above which id to look for unsent events: not from the beginning each time.

    While an old snapshot is open (a backup, a long report), Postgres cannot clear the index of unsent rows, and a look
    from its beginning walks over all that were sent since. Ids are given before they are committed, so lower ones may
    come later than higher ones: those of the last second count as open, and every two seconds everything is looked at.
    """

    def __init__(self) -> None:
        self._sent: deque[tuple[float, int]] = deque()
        self._mark = 0
        self._whole_look_at = float("-inf")

    def next_look(self) -> int:
        """The id above which to look now; 0 when everything is due to be looked at."""
        at = time.monotonic()
        while self._sent and self._sent[0][0] < at - LATE_SECONDS:
            self._mark = max(self._mark, self._sent.popleft()[1])
        return 0 if at - self._whole_look_at >= POLL_SECONDS else self._mark

    def looked(self, after: int, *, is_full: bool) -> None:
        """What came of a look; one from the beginning that was not full has seen everything."""
        if after == 0 and not is_full:
            self._whole_look_at = time.monotonic()

    def look_at_all(self) -> None:
        """Something was not sent that lies below what was."""
        self._whole_look_at = float("-inf")

    def sent(self, ids: list[int]) -> None:
        """These were sent."""
        if ids:
            self._sent.append((time.monotonic(), max(ids)))


class Relay:
    """A background task with a connection of its own: LISTEN wakes it, an advisory lock makes it the only one."""

    def __init__(self, bus: Bus, conninfo: str, schema: str, signatures: EventSignatures) -> None:
        self._bus, self._conninfo, self._schema, self._signatures = bus, conninfo, schema, signatures
        self._publisher = BatchPublisher(bus)
        # The text of an envelope goes out as it stands: nobody here looks into it.
        self._unsent = self._sql(
            "SELECT id, event_id::text AS event_id, subject, envelope::text AS body,"
            " envelope ->> 'traceparent' AS traceparent FROM {schema}.outbox"
            " WHERE sent_at IS NULL AND id > %s ORDER BY id LIMIT %s"
        )
        self._mark_sent = self._sql("UPDATE {schema}.outbox SET sent_at = now() WHERE id = ANY(%s)")
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._stream_known = False
        self._low_water = _LowWater()
        bus.on_disconnect(self._forget_stream)

    def _forget_stream(self) -> None:
        # The broker that comes back may have lost its data folder.
        self._stream_known = False

    def start(self) -> None:
        """Begin relaying in the background."""
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self) -> None:
        """Send what is committed (at most 5 s), then leave."""
        self._stopping.set()
        if self._task:
            await asyncio.wait({self._task}, timeout=FLUSH_SECONDS)
            await end(self._task)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._session()
            except (psycopg.Error, OSError) as error:
                logger.warning("relay: database away, trying again: %s", str(error).strip().splitlines()[:1])
                await asyncio.sleep(0.5)
            except Exception:  # a relay that ends is a service that publishes nothing: say why, and go on
                logger.exception("relay: starting over")
                await asyncio.sleep(1)

    def _sql(self, text: LiteralString) -> bytes:
        return sql.SQL(text).format(schema=sql.Identifier(self._schema)).as_bytes(None)

    async def _session(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, row_factory=dict_row, application_name=connection_name(self._schema)
        )
        async with connection:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(f"outbox_{self._schema}")))
            while not await self._lead(connection):
                if await self._pause(1.0):
                    return
            while True:
                sent = await self._drain(connection)
                if self._stopping.is_set():
                    return
                if sent < 0:
                    await self._pause(0.25)
                    continue
                drained_at = time.monotonic()
                await self._wait_for_news(connection)
                if sent and time.monotonic() - drained_at < BUSY_SECONDS:
                    await self._pause(GATHER_SECONDS)

    async def _lead(self, connection: psycopg.AsyncConnection[Row]) -> bool:
        cursor = await connection.execute(
            "SELECT pg_try_advisory_lock(hashtext(%s)) AS leader", (f"relay.{self._schema}",)
        )
        row = await cursor.fetchone()
        return bool(row and row["leader"])

    async def _pause(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _wait_for_news(self, connection: psycopg.AsyncConnection[Row]) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        notified = asyncio.create_task(self._notified(connection))
        try:
            await asyncio.wait({stopping, notified}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopping, notified):
                task.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
            results = await asyncio.gather(notified, return_exceptions=True)
        for failure in results:
            if isinstance(failure, psycopg.Error | OSError):
                raise failure

    @staticmethod
    async def _notified(connection: psycopg.AsyncConnection[Row]) -> None:
        # The time limit covers a notification lost with a connection, and replay commands of other processes.
        async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
            pass

    async def _drain(self, connection: psycopg.AsyncConnection[Row]) -> int:
        """Send everything unsent; the number sent, or -1 when the broker is away."""
        sent = 0
        while True:
            after = self._low_water.next_look()
            cursor = await connection.execute(self._unsent, (after, BATCH))
            rows = await cursor.fetchall()
            self._low_water.looked(after, is_full=len(rows) == BATCH)
            if not rows:
                return sent
            done = await self._send(rows)
            if done:
                await connection.execute(self._mark_sent, (done,))
                self._low_water.sent(done)
            sent += len(done)
            if len(done) < len(rows):
                self._low_water.look_at_all()
                return -1

    async def _send(self, rows: list[Row]) -> list[int]:
        """Publish a batch, pipelined; the ids acknowledged by the broker."""
        if not self._bus.connected:
            return []
        try:
            if not self._stream_known and not await self._stream_is_there():
                return []
            self._stream_known = True
            results = await self._publisher.publish(self._outgoing(rows))
        except (NatsError, TimeoutError, OSError) as error:
            logger.warning("relay: broker away: %s", error or type(error).__name__)
            return []
        for result in results:
            if isinstance(result, NoStreamResponseError):
                self._stream_known = False
            elif isinstance(result, BaseException) and not isinstance(result, NatsError | TimeoutError | OSError):
                raise result
        return [row["id"] for row, result in zip(rows, results, strict=True) if not isinstance(result, BaseException)]

    async def _stream_is_there(self) -> bool:
        """False while the stream is not provisioned; events wait in the outbox, `ProvisioningCheck` says so."""
        try:
            await self._bus.jetstream.stream_info(stream_name(self._bus.service))
        except NotFoundError:
            return False
        return True

    def _outgoing(self, rows: list[Row]) -> list[Outgoing]:
        bodies = [(row["subject"], row["body"].encode()) for row in rows]
        headers = self._signatures.batch_headers(bodies)
        return [
            Outgoing(row["event_id"], subject, body, {**CONTENT_TYPE, **signed}, row["traceparent"])
            for row, (subject, body), signed in zip(rows, bodies, headers, strict=True)
        ]
