"""The tables of the mcp schema."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from notechondria_shared.database import COLUMN_TYPES, service_metadata
from notechondria_shared.events.tables import event_tables


class Base(DeclarativeBase):
    """Declarative base of the mcp schema."""

    metadata = service_metadata("mcp")
    type_annotation_map = COLUMN_TYPES


EVENTS = event_tables(Base)
