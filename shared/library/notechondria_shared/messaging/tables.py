"""The tables every schema has for its events: outbox, inbox, dead letters, deleted users."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import DeclarativeBase

from notechondria_shared.db.reader import Command, Scalar, prepare_command, prepare_scalar

NOW = text("now()")
EVENT_USER = "(envelope -> 'data' ->> 'user_id')::bigint"
"""Of an outbox row: the account that its event belongs to."""


@dataclass(frozen=True)
class EventTables:
    """Core tables bound to one service's metadata."""

    schema: str
    outbox: Table
    inbox: Table
    dead_letters: Table
    deleted_users: Table
    signing: Table
    insert_event: Command
    """Puts an event into the outbox: `event_id`, `subject`, `envelope` (a psycopg `Jsonb`)."""
    mark_received: Scalar[UUID]
    """Puts events into the inbox (`event_ids`): the `event_id` of each that did not lie there already."""


def event_tables(base: type[DeclarativeBase]) -> EventTables:
    """Declare the event tables in the schema of `base`."""
    return declare(base.metadata)


def declare(metadata: MetaData) -> EventTables:
    """The tables themselves; migrations declare them on a metadata of their own."""
    outbox = Table(
        "outbox",
        metadata,
        Column("id", BigInteger, primary_key=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("subject", Text, nullable=False),
        Column("envelope", JSONB, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        Column("sent_at", DateTime(timezone=True)),
        Index("ix_outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
        Index("ix_outbox_created_at", "created_at"),
        Index("ix_outbox_user", text(f"({EVENT_USER})")),
    )
    inbox = Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        Index("ix_inbox_received_at", "received_at"),
    )
    dead_letters = Table(
        "dead_letters",
        metadata,
        Column("id", BigInteger, primary_key=True),
        # No event id when the message was no CloudEvent at all.
        Column("event_id", Uuid),
        Column("subject", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("failed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        Column("replayed_at", DateTime(timezone=True)),
    )
    # Ids are never given twice, so an event that arrives late cannot bring a deleted account's things back.
    deleted_users = Table(
        "deleted_users",
        metadata,
        Column("user_id", BigInteger, autoincrement=False, nullable=False),
        Column("deleted_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        # When the texts of its events were erased (ADR 0031).
        Column("erased_at", DateTime(timezone=True)),
        PrimaryKeyConstraint("user_id"),
        Index("ix_deleted_users_not_erased", "user_id", postgresql_where=text("erased_at IS NULL")),
    )
    # When the schema learned to check signatures (ADR 0032); no row: it always did.
    signing = Table("event_signing", metadata, Column("checked_since", DateTime(timezone=True), primary_key=True))
    insert_event = prepare_command(
        insert(outbox).values({name: bindparam(name, required=True) for name in ("event_id", "subject", "envelope")})
    )
    mark_received = prepare_scalar(
        upsert(inbox)
        .from_select(["event_id"], select(func.unnest(bindparam("event_ids", type_=ARRAY(Uuid), required=True))))
        .on_conflict_do_nothing()
        .returning(inbox.c.event_id),
        UUID,
    )
    return EventTables(
        metadata.schema or "public", outbox, inbox, dead_letters, deleted_users, signing, insert_event, mark_received
    )


def create_event_tables(schema: str) -> None:
    """For migrations: make the event tables, and the trigger that wakes the relay when an outbox row is committed."""
    from alembic import op  # noqa: PLC0415 - only usable inside a migration

    from notechondria_shared.db.tables import NAMING  # noqa: PLC0415

    declare(metadata := MetaData(schema=schema, naming_convention=NAMING))
    metadata.create_all(op.get_bind())
    op.execute(
        f"CREATE FUNCTION {schema}.wake_relay() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_notify('outbox_{schema}', ''); RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER wake_relay AFTER INSERT ON {schema}.outbox "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {schema}.wake_relay()"
    )
