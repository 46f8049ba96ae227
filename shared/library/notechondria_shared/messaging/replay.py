"""Replay (ADR 0002): Postgres is the truth, a lost stream is rebuilt from the outbox."""

from __future__ import annotations

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.db.engine import Database
from notechondria_shared.messaging.tables import EventTables


async def replay_all(database: Database, tables: EventTables) -> int:
    """Mark every kept event unsent and wake the relay; the number marked. What consumers know has no effect again."""
    async with database.transaction() as db:
        marked = await _mark(db, tables)
        await db.execute(text("SELECT pg_notify(:channel, '')"), {"channel": f"outbox_{tables.schema}"})
    return marked


async def _mark(db: AsyncSession, tables: EventTables) -> int:
    outbox = tables.outbox
    marked = update(outbox).where(outbox.c.sent_at.is_not(None)).values(sent_at=None).returning(outbox.c.id).cte()
    return int(await db.scalar(select(func.count()).select_from(marked)) or 0)
