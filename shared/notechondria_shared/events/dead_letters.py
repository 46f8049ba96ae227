"""Dead letters: facts a handler could not take, kept with the error, listed and tried again by command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select, update

from notechondria_shared.database.engine import Database
from notechondria_shared.events.consumer import Handler, Unreadable, apply
from notechondria_shared.events.fact import Envelope, Fact
from notechondria_shared.events.tables import EventTables
from notechondria_shared.timestamps import iso_offset, iso_offset_or_none, now

LISTED = 200


async def listing(database: Database, tables: EventTables) -> list[dict[str, Any]]:
    """The newest dead letters, without their bodies."""
    letters = tables.dead_letters
    async with database.transaction() as session:
        rows = await session.execute(select(letters).order_by(letters.c.id.desc()).limit(LISTED))
        return [
            {
                "id": row.id,
                "consumer": tables.schema,
                "event_id": str(row.event_id) if row.event_id else None,
                "subject": row.subject,
                "error": row.error,
                "attempts": row.attempts,
                "failed_at": iso_offset(row.failed_at),
                "replayed_at": iso_offset_or_none(row.replayed_at),
            }
            for row in rows
        ]


async def replay(
    database: Database, tables: EventTables, handlers: Mapping[type[Fact], Handler], letter_id: int
) -> str | None:
    """Apply a dead letter once more: "" when it went through, the error when not, None when there is no such letter."""
    letters = tables.dead_letters
    async with database.transaction() as session:
        body = await session.scalar(select(letters.c.body).where(letters.c.id == letter_id))
    if body is None:
        return None
    try:
        async with database.transaction() as session:
            await apply(session, tables, handlers, Envelope.model_validate_json(body))
            await session.execute(update(letters).where(letters.c.id == letter_id).values(replayed_at=now()))
    except (Unreadable, ValidationError) as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
