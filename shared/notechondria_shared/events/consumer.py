"""Consumers: durable, pull, explicit ack, idempotent, with dead letters (architecture §3)."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from pydantic import ValidationError
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.database.engine import Database, is_outage
from notechondria_shared.errors import StoreUnavailable, Unavailable
from notechondria_shared.events.bus import Bus, stream_name
from notechondria_shared.events.catalogue import CATALOGUE
from notechondria_shared.events.fact import Envelope, Fact
from notechondria_shared.events.tables import EventTables
from notechondria_shared.observability.trace_context import traces

logger = logging.getLogger("notechondria.consumer")

Handler = Callable[[AsyncSession, Any], Awaitable[None]]
"""Applies one fact in the transaction of its inbox row. It may be called again for a fact whose commit failed."""

ACK_WAIT_SECONDS = 30
FETCH_SECONDS = 2.0
POISON_LIMIT = 64 * 1024
"""Characters of a dead letter's body and error that are kept."""


class Unreadable(Exception):
    """The message is no CloudEvent of the catalogue: trying again cannot help."""


@dataclass(frozen=True)
class Subscription:
    """What one service hears from another: the telling service, and a handler per subject."""

    source: str
    handlers: Mapping[type[Fact], Handler]


async def apply(
    session: AsyncSession, tables: EventTables, handlers: Mapping[type[Fact], Handler], envelope: Envelope
) -> bool:
    """Apply one event unless the inbox knows it; True when it had an effect. Raises `Unreadable` on a bad payload."""
    fact_type = CATALOGUE.get(envelope.type)
    handler = handlers.get(fact_type) if fact_type else None
    if fact_type is None or handler is None:
        message = f"no handler for {envelope.type}"
        raise Unreadable(message)
    try:
        fact = fact_type.model_validate(envelope.data)
    except ValidationError as error:
        raise Unreadable(str(error)) from error
    marked = await session.execute(
        upsert(tables.inbox).values(event_id=envelope.id).on_conflict_do_nothing().returning(tables.inbox.c.event_id)
    )
    if marked.first() is None:
        return False
    await handler(session, fact)
    return True


class Consumer:
    """Pulls one stream for one service, for ever: re-creates what a broker lost, waits out every outage."""

    def __init__(
        self, bus: Bus, database: Database, tables: EventTables, subscription: Subscription, backoff: list[float]
    ) -> None:
        self._bus, self._database, self._tables = bus, database, tables
        self._handlers = subscription.handlers
        self._stream = stream_name(subscription.source)
        self._durable = bus.service
        self._backoff = backoff
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._busy = asyncio.Lock()

    def start(self) -> None:
        """Begin consuming in the background."""
        self._task = asyncio.create_task(self._run(), name=f"consumer.{self._stream}")

    async def stop(self) -> None:
        """Finish the event in hand (at most 10 s), then leave."""
        self._stopping = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._busy.acquire(), 10)
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while not self._stopping:
            if not self._bus.connected:
                await asyncio.sleep(0.1)
                continue
            try:
                await self._pull()
            except (NatsError, TimeoutError, OSError) as error:
                logger.debug("consumer %s: %s", self._stream, error or type(error).__name__)
                await asyncio.sleep(0.25)
            except Exception:  # a loop that ends is a service that hears nothing: say why, and go on
                logger.exception("consumer %s: starting over", self._stream)
                await asyncio.sleep(1)

    async def _ensure(self) -> bool:
        """Create or update the durable consumer; False while the stream does not exist (its owner makes it)."""
        config = ConsumerConfig(
            durable_name=self._durable,
            filter_subjects=sorted(fact.subject for fact in self._handlers),
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            # Tries are counted here, where an outage of the database can be told from a fault of the event.
            max_deliver=-1,
            max_ack_pending=256,
        )
        try:
            await self._bus.jetstream.add_consumer(self._stream, config)
        except NotFoundError:
            return False
        return True

    async def _pull(self) -> None:
        if not await self._ensure():
            await asyncio.sleep(0.5)
            return
        subscription = await self._bus.jetstream.pull_subscribe_bind(self._durable, stream=self._stream)
        try:
            while not self._stopping and self._bus.connected:
                try:
                    # One at a time: a larger batch waits for its time limit to fill up, and facts would arrive late.
                    (message,) = await subscription.fetch(1, timeout=FETCH_SECONDS)
                except TimeoutError:
                    # Quiet, or the consumer was deleted under us: asking is cheap, and raises NotFoundError then.
                    await self._bus.jetstream.consumer_info(self._stream, self._durable)
                    continue
                async with self._busy:
                    await self._take(message)
        finally:
            with suppress(NatsError, TimeoutError):
                await subscription.unsubscribe()

    async def _take(self, message: Msg) -> None:
        tries = message.metadata.num_delivered
        while not self._stopping:
            try:
                envelope = _read(message.data)
                with traces().handling(envelope.type, str(envelope.id), envelope.traceparent):
                    async with self._database.transaction() as session:
                        await apply(session, self._tables, self._handlers, envelope)
            except Unreadable as error:
                await self._bury(message, error, tries)
            except Exception as error:
                if is_outage(error) or (isinstance(error, Unavailable) and not isinstance(error, StoreUnavailable)):
                    # Not the event's fault: hold on to it until the database is back.
                    await message.in_progress()
                    await asyncio.sleep(0.5)
                    continue
                if tries > len(self._backoff):
                    await self._bury(message, error, tries)
                else:
                    delay = self._backoff[tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
                    logger.warning("consumer %s: try %d failed: %r", message.subject, tries, error)
                    await message.nak(delay)
            else:
                await message.ack()
            return

    async def _bury(self, message: Msg, error: Exception, tries: int) -> None:
        """Write the dead letter first, then tell the broker to forget the message."""
        try:
            event_id = _read(message.data).id
        except Unreadable:
            event_id = None
        async with self._database.transaction() as session:
            await session.execute(
                insert(self._tables.dead_letters).values(
                    event_id=event_id,
                    subject=message.subject,
                    body=message.data.decode(errors="replace").replace("\x00", "")[:POISON_LIMIT],
                    error=f"{type(error).__name__}: {error}".replace("\x00", "")[:POISON_LIMIT],
                    attempts=tries,
                )
            )
        logger.error("consumer %s: event %s is a dead letter: %r", message.subject, event_id, error)
        await message.term()


def _read(data: bytes) -> Envelope:
    try:
        return Envelope.model_validate_json(data)
    except ValidationError as error:
        raise Unreadable(str(error)) from error
