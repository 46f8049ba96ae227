"""Publishing: the event and the row it describes commit together."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.event import Envelope, IntegrationEvent
from notechondria_shared.core.timestamps import now
from notechondria_shared.core.trace_context import traces
from notechondria_shared.db.reader import SessionReader
from notechondria_shared.messaging.tables import EventTables


async def publish(db: AsyncSession, tables: EventTables, *events: IntegrationEvent) -> list[UUID]:
    """Put events into the outbox in the session's transaction; the relay sends them after the commit, in this order.

    Returns the event ids. Nothing is sent when the transaction rolls back.
    """
    if not events:
        return []
    envelopes = wrap(tables, *events)
    rows: list[dict[str, Any]] = [
        {"event_id": envelope.id, "subject": envelope.type, "envelope": Jsonb(envelope.document())}
        for envelope in envelopes
    ]
    await SessionReader(db).run(tables.insert_event, *rows)
    return [envelope.id for envelope in envelopes]


def wrap(tables: EventTables, *events: IntegrationEvent) -> list[Envelope]:
    """Events in their envelopes, as they go into the outbox."""
    for event in events:
        if event.service() != tables.schema:
            message = f"{tables.schema} may not publish {event.subject}"
            raise ValueError(message)
    return [Envelope.of(event, uuid4(), now(), traces().traceparent()) for event in events]
