"""Texts of deleted accounts go from the events that are kept (ADR 0031); what a replay needs of these stays."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ValidationError
from sqlalchemy import BigInteger, func, select, text, update

from notechondria_contracts.events.catalogue import CATALOGUE
from notechondria_contracts.events.event import Envelope
from notechondria_shared.core.background import Periodic
from notechondria_shared.core.timestamps import now
from notechondria_shared.db.batches import in_batches
from notechondria_shared.db.engine import Database
from notechondria_shared.messaging.tables import EVENT_USER, EventTables

logger = logging.getLogger("notechondria.events")

EVERY_SECONDS = 15.0
EVENTS_AT_ONCE, ACCOUNTS_AT_ONCE, LETTERS_AT_ONCE = 500, 100, 100
ERASED = "the text of a deleted account is erased"
_LETTERS_USER = r'"user_id":\s*(\d{1,18})'
"""In a dead letter's body, which may be no JSON."""


class EventErasure(Periodic):
    """Blanks what events of deleted accounts say about a person: in the outbox, and in dead letters.

    It looks for accounts whose deletion was committed, so nothing of them is published any more; several replicas may
    do so side by side. An account that is done is marked and not looked at again; dead letters of it are, since a try
    that was under way may still fail.
    """

    task_name = "events.erasure"

    def __init__(self, database: Database, tables: EventTables) -> None:
        super().__init__(EVERY_SECONDS)
        self._database, self._tables = database, tables
        self._statements = [
            (_blank_rows(tables, subject, event.personal), event.personal)
            for subject, event in CATALOGUE.items()
            if event.service() == tables.schema and event.personal
        ]

    async def _round(self) -> None:
        while accounts := await self._accounts():
            for user_id in accounts:
                await self._erase(user_id)
            if len(accounts) < ACCOUNTS_AT_ONCE:
                break
        letters = await in_batches(self._blank_letters, LETTERS_AT_ONCE)
        if letters:
            logger.info("events: %d dead letters of deleted accounts are erased", letters)

    async def _accounts(self) -> list[int]:
        deleted = self._tables.deleted_users
        waiting = select(deleted.c.user_id).where(deleted.c.erased_at.is_(None)).order_by(deleted.c.user_id)
        async with self._database.transaction() as db:
            return list(await db.scalars(waiting.limit(ACCOUNTS_AT_ONCE)))

    async def _erase(self, user_id: int) -> None:
        rows = 0
        for statement, personal in self._statements:

            async def blank(statement: Any = statement, personal: Mapping[str, str] = personal) -> int:
                async with self._database.transaction() as db:
                    changed = await db.execute(statement, {"user_id": user_id, "blank": Jsonb(dict(personal))})
                    return len(changed.all())

            rows += await in_batches(blank, EVENTS_AT_ONCE)
        deleted = self._tables.deleted_users
        async with self._database.transaction() as db:
            await db.execute(update(deleted).where(deleted.c.user_id == user_id).values(erased_at=now()))
        logger.info("events: account %d is deleted, %d kept events of it are erased", user_id, rows)

    async def _blank_letters(self) -> int:
        letters, deleted = self._tables.dead_letters, self._tables.deleted_users
        whose = func.substring(letters.c.body, _LETTERS_USER).cast(BigInteger)
        matches = (
            select(letters.c.id, letters.c.body, letters.c.error)
            .where(whose.in_(select(deleted.c.user_id)), letters.c.error.not_like(f"%{ERASED}"))
            .limit(LETTERS_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        async with self._database.transaction() as db:
            rows = (await db.execute(matches)).all()
            for row in rows:
                values = {"body": _blank_body(row.body), "error": f"{row.error.partition(':')[0][:100]}: {ERASED}"}
                await db.execute(update(letters).where(letters.c.id == row.id).values(**values))
        return len(rows)


def _blank_rows(tables: EventTables, subject: str, personal: Mapping[str, str]) -> Any:
    """Blank up to `EVENTS_AT_ONCE` rows of a subject and an account that are not blank yet."""
    outbox, not_blank = tables.outbox, text("NOT (envelope -> 'data' @> :blank)")
    some = (
        select(outbox.c.id)
        .where(text(f"{EVENT_USER} = :user_id"), outbox.c.subject == subject, not_blank)
        .limit(EVENTS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    blanked = text("jsonb_set(envelope, '{data}', envelope -> 'data' || :blank)")
    return (
        update(outbox)
        .where(outbox.c.id.in_(some))
        .values(envelope=blanked)
        .returning(outbox.c.id)
        .execution_options(synchronize_session=False)
    )


def _blank_body(body: str) -> str:
    """The event without its texts; nothing of what cannot be read."""
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError:
        return ""
    event = CATALOGUE.get(envelope.type)
    if event is None:
        return ""
    blanked = envelope.model_copy(update={"data": {**envelope.data, **event.personal}})
    return json.dumps(blanked.document(), ensure_ascii=False)


def add_erasure(schema: str) -> None:
    """For migrations: what the erasure marks and looks for, where the event tables are older than it."""
    from alembic import op  # noqa: PLC0415 - only usable inside a migration

    op.execute(f"ALTER TABLE {schema}.deleted_users ADD COLUMN IF NOT EXISTS erased_at timestamptz")
    op.execute(
        f"CREATE INDEX IF NOT EXISTS ix_deleted_users_not_erased ON {schema}.deleted_users (user_id) "
        "WHERE erased_at IS NULL"
    )
    op.execute(f"CREATE INDEX IF NOT EXISTS ix_outbox_user ON {schema}.outbox (({EVENT_USER}))")
