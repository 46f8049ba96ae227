"""The tables of the mcp schema."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from notechondria_shared.db import COLUMN_TYPES, service_metadata
from notechondria_shared.messaging.tables import event_tables
from notechondria_shared.web.rate_limit import bucket_table


class Base(DeclarativeBase):
    """Declarative base of the mcp schema."""

    metadata = service_metadata("mcp")
    type_annotation_map = COLUMN_TYPES


class Call(Base):
    """A tool call an agent made on a user's behalf; kept 90 days."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_user_id_id", "user_id", text("id DESC")),
        Index("ix_calls_called_at", "called_at"),
        Index("ix_calls_user_id_called_at", "user_id", "called_at"),
        Index("ix_calls_user_id_agent", "user_id", "key_id", "program_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    key_id: Mapped[int | None]
    """The API key with which it was made; null when a program made it."""
    program_id: Mapped[int | None]
    """The grant of the program that made it (identity's id); null when it came with an API key."""
    client: Mapped[str] = mapped_column(String(200))
    client_name: Mapped[str] = mapped_column(String(100), server_default="")
    """How the client names itself, without its version."""
    client_version: Mapped[str] = mapped_column(String(50), server_default="")
    tool: Mapped[str] = mapped_column(String(64))
    summary: Mapped[str] = mapped_column(String(300), server_default="")
    """What the call was about, in words; empty for calls from before there were any."""
    is_change: Mapped[bool]
    arguments: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    outcome: Mapped[str] = mapped_column(String(8))
    """`ok`, or `error`."""
    error: Mapped[str] = mapped_column(String(500))
    duration_ms: Mapped[int]
    touched: Mapped[dict[str, list[int]]] = mapped_column(JSONB)
    undo: Mapped[dict[str, JsonValue] | None] = mapped_column(JSONB(none_as_null=True))
    """How to take the call back (`calls.journal.Undo`); null when that is not possible."""
    final_reason: Mapped[str] = mapped_column(String(200))
    """Why it cannot be taken back; empty when it can."""
    called_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undo_claimed_until: Mapped[datetime | None]
    """A request takes the call back right now, and is given up at this time."""


class UndoRun(Base):
    """Calls that a person takes back together; kept as long as the log."""

    __tablename__ = "undo_runs"
    __table_args__ = (
        Index("ix_undo_runs_user_id", "user_id", "id"),
        Index("ix_undo_runs_seen_at", "seen_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    call_ids: Mapped[list[int]] = mapped_column(JSONB)
    refusals: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """Of the calls that were tried so far, why each was not taken back; "" for those that were."""
    is_done: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime]
    """When its process last wrote to it."""


EVENTS = event_tables(Base)
RATE_BUCKETS = bucket_table(Base.metadata)
"""The bucket of an API key, named by the key's digest (SHA-256)."""
