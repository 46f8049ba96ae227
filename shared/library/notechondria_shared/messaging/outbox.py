"""Publishing: the fact and the row it tells of commit together."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.event import Envelope, Fact
from notechondria_shared.core.timestamps import now
from notechondria_shared.core.trace_context import traces
from notechondria_shared.db.reader import SessionReader
from notechondria_shared.messaging.tables import EventTables


async def publish(db: AsyncSession, tables: EventTables, *facts: Fact) -> list[UUID]:
    """Put facts into the outbox in the session's transaction; the relay sends them after the commit, in this order.

    Returns the event ids. Nothing is sent when the transaction rolls back.
    """
    if not facts:
        return []
    rows: list[dict[str, Any]] = []
    for fact in facts:
        if fact.service() != tables.schema:
            message = f"{tables.schema} may not tell {fact.subject}"
            raise ValueError(message)
        event_id = uuid4()
        envelope = Envelope.of(fact, event_id, now(), traces().traceparent()).document()
        rows.append({"event_id": event_id, "subject": fact.subject, "envelope": Jsonb(envelope)})
    await SessionReader(db).run(tables.keep_fact, *rows)
    return [row["event_id"] for row in rows]
