"""The tables of a service: its schema, and constraint names worth reading in an error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, MetaData, Text
from sqlalchemy.orm import Mapped, mapped_column

from notechondria_shared.core.timestamps import now

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


COLUMN_TYPES: dict[type, Any] = {int: BigInteger, str: Text, datetime: DateTime(timezone=True)}
"""The `type_annotation_map` of every service's declarative base: bigint, text, timestamps with a zone."""


def service_metadata(schema: str) -> MetaData:
    """Metadata whose tables live in `schema`:

    class Base(DeclarativeBase):
        metadata = service_metadata("notes")
        type_annotation_map = COLUMN_TYPES
    """
    return MetaData(schema=schema, naming_convention=NAMING)


class Dated:
    """Mixin: when a row was made and when it last changed; `touch` it on every save the contract counts as one."""

    date_created: Mapped[datetime] = mapped_column(default=now)
    last_edit: Mapped[datetime] = mapped_column(default=now)

    def touch(self) -> None:
        """Refresh `last_edit` (notes §1)."""
        self.last_edit = now()
