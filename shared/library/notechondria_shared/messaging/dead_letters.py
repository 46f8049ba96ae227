"""Dead letters: events a handler could not take, kept with the error, listed and tried again by command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Text, cast, delete, literal_column, select, update

from notechondria_contracts.events.event import Envelope, IntegrationEvent
from notechondria_contracts.internal.dead_letters import DeadLetter, DeadLetters
from notechondria_shared.core.json_values import plain
from notechondria_shared.core.timestamps import now
from notechondria_shared.db.engine import Database
from notechondria_shared.db.listing import PageQuery, SearchableList
from notechondria_shared.messaging.consumer import Handler, Unreadable, apply
from notechondria_shared.messaging.tables import EventTables


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    """A dead letter without its body, which may hold what people wrote, and digests of tokens."""

    consumer: str
    """The service that could not handle the event."""
    id: int
    event_id: UUID | None
    subject: str
    error: str
    attempts: int
    failed_at: datetime
    replayed_at: datetime | None


@cache
def letter_list(tables: EventTables) -> SearchableList[DeadLetterRow]:
    """The dead letters of a service, newest first."""
    letters = tables.dead_letters
    shown = ("id", "event_id", "subject", "error", "attempts", "failed_at", "replayed_at")
    return SearchableList(
        select(literal_column(f"'{tables.schema}'").label("consumer"), *(letters.c[name] for name in shown)),
        DeadLetterRow,
        key=letters.c.id,
        searched=(letters.c.subject, letters.c.error, cast(letters.c.event_id, Text)),
    )


async def listing(database: Database, tables: EventTables, query: PageQuery) -> DeadLetters:
    """Dead letters, newest first."""
    page = await letter_list(tables).read(database.reader, query)
    letters = [DeadLetter.model_validate(plain(row)) for row in page.rows]
    return DeadLetters(results=letters, total=page.total, limit=page.limit, offset=page.offset)


async def one(database: Database, tables: EventTables, letter_id: int) -> DeadLetter | None:
    """A dead letter, None when there is no such one."""
    row = await letter_list(tables).one(database.reader, letter_id)
    return None if row is None else DeadLetter.model_validate(plain(row))


async def discard(database: Database, tables: EventTables, letter_id: int) -> bool:
    """Forget a dead letter: its event will not be tried again. False when there is no such letter."""
    letters = tables.dead_letters
    async with database.transaction() as db:
        gone = await db.scalar(delete(letters).where(letters.c.id == letter_id).returning(letters.c.id))
    return gone is not None


async def replay(
    database: Database, tables: EventTables, handlers: Mapping[type[IntegrationEvent], Handler], letter_id: int
) -> str | None:
    """Apply a dead letter once more: "" when it went through, the error when not, None when there is no such letter."""
    letters = tables.dead_letters
    async with database.transaction() as db:
        body = await db.scalar(select(letters.c.body).where(letters.c.id == letter_id))
    if body is None:
        return None
    try:
        async with database.transaction() as db:
            await apply(db, tables, handlers, Envelope.model_validate_json(body))
            await db.execute(update(letters).where(letters.c.id == letter_id).values(replayed_at=now()))
    except (Unreadable, ValidationError) as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
