"""Consumers: durable, pull, explicit ack, idempotent, with dead letters (ADR 0002)."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from pydantic import ValidationError
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.catalogue import CATALOGUE
from notechondria_contracts.events.event import Envelope, IntegrationEvent
from notechondria_shared.broker.topology import stream_name
from notechondria_shared.core.background import Background
from notechondria_shared.core.errors import StoreUnavailable, Unavailable
from notechondria_shared.core.trace_context import are_made, traces
from notechondria_shared.db.engine import Database, is_outage
from notechondria_shared.db.reader import SessionReader
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.puller import Puller
from notechondria_shared.messaging.signatures import SignatureCheck, UnprovenEvent
from notechondria_shared.messaging.tables import EventTables

logger = logging.getLogger("notechondria.consumer")

Handler = Callable[[AsyncSession, Any], Awaitable[None]]
"""Applies one event in the transaction of its inbox row, which it may share with other events.

It may be called again for an event whose commit failed.
"""

BatchHandler = Callable[[AsyncSession, Sequence[Any]], Awaitable[bool]]
"""Applies several events together, in fewer statements than their handlers would one after the other.

False, and nothing is written, when there is one among them that only its handler can apply.
"""

FETCH_SECONDS = 2.0
BATCH = 256
"""Events applied in one transaction when more than one waits."""
BATCH_SECONDS = 0.1
"""How long a busy consumer waits for a batch to fill up: what an event may come later for the sake of throughput."""
POISON_LIMIT = 64 * 1024
"""Characters of a dead letter's body and error that are kept."""


class Unreadable(Exception):
    """The message is no CloudEvent of the catalogue: trying again cannot help."""


@dataclass(frozen=True)
class Subscription:
    """What one service consumes from another: the publishing service, and a handler per subject."""

    source: str
    handlers: Mapping[type[IntegrationEvent], Handler]
    batch: BatchHandler | None = None
    """What comes to the same as the handlers, for many events at once."""


async def apply(
    db: AsyncSession,
    tables: EventTables,
    handlers: Mapping[type[IntegrationEvent], Handler],
    *envelopes: Envelope,
    batch: BatchHandler | None = None,
) -> int:
    """Apply events in their order, except those the inbox knows; how many had an effect.

    Raises `Unreadable` on a bad payload, before anything is written.
    """
    events = [(envelope, *_readable(handlers, envelope)) for envelope in envelopes]
    fresh = set(await SessionReader(db).all(tables.mark_received, event_ids=[envelope.id for envelope in envelopes]))
    applied = len(fresh)
    # A trace goes through the handler of its event.
    if batch is not None and len(fresh) > 1 and not are_made():
        chosen = {envelope.id: event for envelope, _, event in events if envelope.id in fresh}
        if await batch(db, list(chosen.values())):
            return applied
    for envelope, handler, event in events:
        if envelope.id not in fresh:
            continue
        fresh.remove(envelope.id)
        with traces().handling(envelope.type, str(envelope.id), envelope.traceparent):
            await handler(db, event)
            await db.flush()
            db.expunge_all()  # the next handler reads what stands in the tables
    return applied


def _readable(
    handlers: Mapping[type[IntegrationEvent], Handler], envelope: Envelope
) -> tuple[Handler, IntegrationEvent]:
    event_type = CATALOGUE.get(envelope.type)
    handler = handlers.get(event_type) if event_type else None
    if event_type is None or handler is None:
        message = f"no handler for {envelope.type}"
        raise Unreadable(message)
    try:
        return handler, event_type.model_validate(envelope.data)
    except ValidationError as error:
        raise Unreadable(str(error)) from error


class Consumer(Background):
    """Pulls one stream for one service, for ever: waits for what is not provisioned, and out every outage."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        tables: EventTables,
        subscription: Subscription,
        backoff: list[float],
        check: SignatureCheck,
    ) -> None:
        self._bus, self._database, self._tables, self._check = bus, database, tables, check
        self._handlers, self._batch = subscription.handlers, subscription.batch
        self._stream = stream_name(subscription.source)
        self._durable = bus.service
        self._backoff = backoff
        self.task_name = f"consumer.{self._stream}"
        self._stopping = False
        self._taken_at = 0.0
        self._more_waits = False
        self._busy = asyncio.Lock()

    async def stop(self) -> None:
        """Finish the event in hand (at most 10 s), then leave."""
        self._stopping = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._busy.acquire(), 10)
        await super().stop()

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
            except Exception:  # a loop that ends is a service that consumes nothing: say why, and go on
                logger.exception("consumer %s: starting over", self._stream)
                await asyncio.sleep(1)

    async def _pull(self) -> None:
        try:
            await self._bus.jetstream.consumer_info(self._stream, self._durable)
        except NotFoundError:
            # Not provisioned yet: `ProvisioningCheck` says so in the log.
            await asyncio.sleep(0.5)
            return
        try:
            await self._check.prepare()
        except Unavailable:
            await asyncio.sleep(0.5)
            return
        puller = Puller(self._bus.client, self._stream, self._durable)
        try:
            await puller.open()
            while not self._stopping and self._bus.connected:
                try:
                    messages = await self._fetch(puller)
                except TimeoutError:
                    # Quiet, or the consumer was deleted under us: asking is cheap, and raises NotFoundError then.
                    await self._bus.jetstream.consumer_info(self._stream, self._durable)
                    continue
                async with self._busy:
                    await self._take(messages)
        finally:
            with suppress(NatsError, TimeoutError):
                await puller.close()

    async def _fetch(self, puller: Puller) -> list[Msg]:
        """The next event, and in busy times those that follow at its heels; TimeoutError when all is quiet."""
        messages: list[Msg] = []
        if self._more_waits:
            with suppress(TimeoutError):
                messages = await puller.fetch(BATCH, BATCH_SECONDS)
        if not messages:
            messages = await puller.fetch(1, FETCH_SECONDS)
            now = asyncio.get_running_loop().time()
            if messages[0].metadata.num_pending or now - self._taken_at < BATCH_SECONDS:
                with suppress(TimeoutError):
                    messages += await puller.fetch(BATCH, BATCH_SECONDS)
        self._more_waits = messages[-1].metadata.num_pending > 0
        self._taken_at = asyncio.get_running_loop().time()
        return messages

    async def _take(self, messages: list[Msg]) -> None:
        """Apply events in their order: several in one transaction if all goes well, else each in one of its own."""
        if len(messages) > 1 and await self._apply_batch(messages):
            return
        for number, message in enumerate(messages):
            await self._take_one(message, messages[number + 1 :])

    async def _apply_batch(self, messages: list[Msg]) -> bool:
        try:
            async with self._database.transaction() as db:
                # Shorter than the time after which the database looks for deadlocks: requests never lose to a batch.
                await db.execute(text("SET LOCAL lock_timeout = '200ms'"))
                envelopes = [self._read(message) for message in messages]
                await apply(db, self._tables, self._handlers, *envelopes, batch=self._batch)
        except Exception as error:  # whatever it was, it is looked at again for the event that is to blame
            logger.debug("consumer %s: %d events one by one: %r", self._stream, len(messages), error)
            return False
        for message in messages:
            await message.ack()
        return True

    async def _take_one(self, message: Msg, others: list[Msg]) -> None:
        """Apply an event, and try again, put it off or dead-letter it as its error says; `others` wait behind it."""
        tries = message.metadata.num_delivered
        while not self._stopping:
            try:
                async with self._database.transaction() as db:
                    await apply(db, self._tables, self._handlers, self._read(message))
            except (Unreadable, UnprovenEvent) as error:
                await self._dead_letter(message, error, tries)
            except Exception as error:
                if is_outage(error) or (isinstance(error, Unavailable) and not isinstance(error, StoreUnavailable)):
                    # Not the event's fault: hold on to it until the database is back.
                    for held in (message, *others):
                        await held.in_progress()
                    await asyncio.sleep(0.5)
                    continue
                if tries > len(self._backoff):
                    await self._dead_letter(message, error, tries)
                else:
                    delay = self._backoff[tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
                    logger.warning("consumer %s: try %d failed: %r", message.subject, tries, error)
                    await message.nak(delay)
            else:
                await message.ack()
            return

    def _read(self, message: Msg) -> Envelope:
        self._check.require(message)
        envelope = _envelope(message.data)
        if envelope.type != message.subject:
            text = f"it says {envelope.type[:100]} of itself"
            raise Unreadable(text)
        return envelope

    async def _dead_letter(self, message: Msg, error: Exception, tries: int) -> None:
        """Write the dead letter first, then have the broker forget the message."""
        try:
            event_id = _envelope(message.data).id
        except Unreadable:
            event_id = None
        async with self._database.transaction() as db:
            await db.execute(
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


def _envelope(data: bytes) -> Envelope:
    try:
        return Envelope.model_validate_json(data)
    except ValidationError as error:
        raise Unreadable(str(error)) from error
