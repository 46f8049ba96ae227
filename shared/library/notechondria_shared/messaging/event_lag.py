"""How far a service's events are behind: what its outbox holds, what its consumers have not taken, what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from sqlalchemy import Double, cast, extract, func, select

from notechondria_shared.broker.topology import problems, stream_name
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.db import Database
from notechondria_shared.db.reader import Prepared, prepare
from notechondria_shared.messaging.bus import Bus
from notechondria_shared.messaging.consumer import Subscription
from notechondria_shared.messaging.tables import EventTables

PATIENCE_SECONDS = 1.0
MOST = 100_000
"""Rows that are counted; what is more is said to be as many."""


@dataclass(frozen=True)
class StoredLag:
    """What the schema holds: unsent events, the seconds since the oldest of them, dead letters not yet replayed."""

    unsent: int
    oldest_seconds: float
    dead_letters: int


@dataclass(frozen=True)
class ConsumerLag:
    """A durable consumer as the broker sees it: events it has not taken, taken but not done, given more than once."""

    stream: str
    pending: int
    ack_pending: int
    redelivered: int


class EventLag:
    """Asks database and broker, within a second; None for the one that does not answer."""

    def __init__(
        self, database: Database, bus: Bus, tables: EventTables, subscriptions: Sequence[Subscription]
    ) -> None:
        self._database, self._bus, self._subscriptions = database, bus, subscriptions
        self._query = _stored_lag(tables)

    @property
    def bus_connected(self) -> bool:
        """Whether the bus is there."""
        return self._bus.connected

    async def stored(self) -> StoredLag | None:
        """What waits and what failed, as the schema holds it."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                row = await self._database.reader.one(self._query)
        except (Unavailable, TimeoutError):
            return None
        return row

    async def consumers(self) -> list[ConsumerLag] | None:
        """This service's consumers; those that the broker does not know (yet) are left out."""
        if not self._bus.connected:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                consumers = await asyncio.gather(*(self._consumer(one.source) for one in self._subscriptions))
        except (NatsError, TimeoutError, OSError):
            return None
        return [one for one in consumers if one is not None]

    async def bus_problems(self) -> list[str] | None:
        """How the service's own stream and consumers differ from what they should be."""
        if not self._bus.connected:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await problems(self._bus.client, self._bus.service, self._bus.replicas)
        except (NatsError, TimeoutError, OSError):
            return None

    async def _consumer(self, source: str) -> ConsumerLag | None:
        stream = stream_name(source)
        try:
            info = await self._bus.jetstream.consumer_info(stream, self._bus.service)
        except NotFoundError:
            return None
        return ConsumerLag(stream, info.num_pending or 0, info.num_ack_pending or 0, info.num_redelivered or 0)


def _stored_lag(tables: EventTables) -> Prepared[StoredLag]:
    """One statement over the partial index of what is unsent; counts end at `MOST`, so that it is quick however much
    waits."""
    outbox, letters = tables.outbox, tables.dead_letters
    waiting = outbox.c.sent_at.is_(None)
    unsent = select(outbox.c.id).where(waiting).limit(MOST).subquery()
    failed = select(letters.c.id).where(letters.c.replayed_at.is_(None)).limit(MOST).subquery()
    oldest = select(outbox.c.created_at).where(waiting).order_by(outbox.c.id).limit(1).scalar_subquery()
    age = extract("epoch", func.clock_timestamp() - oldest)
    return prepare(
        select(
            select(func.count()).select_from(unsent).scalar_subquery().label("unsent"),
            cast(func.greatest(func.coalesce(age, 0), 0), Double).label("oldest_seconds"),
            select(func.count()).select_from(failed).scalar_subquery().label("dead_letters"),
        ),
        StoredLag,
    )
