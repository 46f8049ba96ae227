"""A row of the monolith, whose columns get their types here: which columns there are differs between its versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar, overload
from uuid import UUID

from pydantic import JsonValue

from notechondria_shared.core.timestamps import now
from notechondria_shared.django_import.problem import ImportProblem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dates:
    """When a row was made and last changed."""

    date_created: datetime
    last_edit: datetime


class DjangoRow:
    """A row by its column names in lower case. A column that is missing counts as null.

    Of several names the first whose column is not null counts. Raises `ImportProblem` for a value of another type.
    """

    __slots__ = ("_columns", "_table")

    def __init__(self, table: str, columns: Mapping[str, object]) -> None:
        self._table = table
        self._columns = {name.lower(): value for name, value in columns.items()}

    @property
    def id(self) -> int:
        """Its primary key."""
        return self.integer("id")

    def text(self, *names: str, longest: int | None = None, default: str = "") -> str:
        """A text, cut to `longest` characters; numbers and uuids are written out."""
        value = self._first(names)
        text = default if value is None else str(value)
        return text[:longest] if longest else text

    def text_or_none(self, *names: str) -> str | None:
        """A text, or None for null."""
        value = self._first(names)
        return None if value is None else str(value)

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of the texts that we know, else `default`."""
        value = self.text(name)
        return value if value in choices else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._first((name,))
        return default if value is None else bool(value)

    @overload
    def integer(self, *names: str) -> int: ...
    @overload
    def integer(self, *names: str, default: int) -> int: ...
    def integer(self, *names: str, default: int | None = None) -> int:
        """A whole number; null without a default is a problem."""
        value = self.integer_or_none(*names)
        if value is not None:
            return value
        return self._required(default, names)

    def integer_or_none(self, *names: str) -> int | None:
        """A whole number, or None for null."""
        value = self._first(names)
        if value is None or isinstance(value, int):
            return value
        try:
            return int(str(value))
        except ValueError:
            raise self._wrong(names, value, "a whole number") from None

    def timestamp(self, *names: str, default: datetime | None = None) -> datetime:
        """A point in time; null without a default is a problem."""
        value = self.timestamp_or_none(*names)
        return self._required(default, names) if value is None else value

    def timestamp_or_none(self, *names: str) -> datetime | None:
        """A point in time, or None for null."""
        return self._typed(datetime, names, "a point in time")

    def day(self, name: str) -> date:
        """A date; null is a problem."""
        return self._required(self.day_or_none(name), (name,))

    def day_or_none(self, name: str) -> date | None:
        """A date, or None for null."""
        return self._typed(date, (name,), "a date")

    def uuid(self, name: str) -> UUID:
        """A uuid, kept as one or as text; null is a problem."""
        value = self._required(self._first((name,)), (name,))
        try:
            return value if isinstance(value, UUID) else UUID(str(value))
        except ValueError:
            raise self._wrong((name,), value, "a uuid") from None

    def json_object(self, *names: str) -> dict[str, JsonValue]:
        """A JSON object, kept as JSON or as text; empty for anything else."""
        value = self._first(names)
        if isinstance(value, str):
            try:
                value = json.loads(value or "{}")
            except ValueError:
                return {}
        return dict(value) if isinstance(value, dict) else {}

    def dates(self, default: datetime | None = None) -> Dates:
        """When it was made (`default`, else now, for null) and last changed (when it was made, for null)."""
        made = self.timestamp("date_created", "created_at", default=default or now())
        return Dates(made, self.timestamp("last_edit", "updated_at", default=made))

    def _first(self, names: tuple[str, ...]) -> object | None:
        return next((value for name in names if (value := self._columns.get(name)) is not None), None)

    def _typed(self, kind: type[T], names: tuple[str, ...], described: str) -> T | None:
        value = self._first(names)
        if value is None or isinstance(value, kind):
            return value
        raise self._wrong(names, value, described)

    def _required(self, value: T | None, names: tuple[str, ...]) -> T:
        if value is None:
            raise ImportProblem(
                f"A row of {self._table} (id {self._columns.get('id')}) has no {' or '.join(names)}.",
                "Mend or delete it in the monolith, then import again.",
            )
        return value

    def _wrong(self, names: tuple[str, ...], value: object, described: str) -> ImportProblem:
        return ImportProblem(
            f"{' or '.join(names)} of {self._table} (id {self._columns.get('id')}) is {value!r}, not {described}.",
            "Mend or delete the row in the monolith, then import again.",
        )
