"""The declarative base of a service: its schema, and constraint names worth reading in an error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from notechondria_shared.timestamps import now

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def service_base(schema: str) -> type[DeclarativeBase]:
    """A declarative base whose tables live in `schema`; str is text, int is bigint, datetimes carry a zone."""

    class Base(DeclarativeBase):
        metadata = MetaData(schema=schema, naming_convention=NAMING)
        type_annotation_map = {int: BigInteger, str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own attribute

    return Base


class Dated:
    """Mixin: when a row was made and when it last changed; `touch` it on every save the contract counts as one."""

    date_created: Mapped[datetime] = mapped_column(default=now)
    last_edit: Mapped[datetime] = mapped_column(default=now)

    def touch(self) -> None:
        """Refresh `last_edit` (notes §1)."""
        self.last_edit = now()


Row = dict[str, Any]
"""A row as the Reader gives it: column name to plain value."""
