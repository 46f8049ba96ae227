"""Projections: what a service keeps of another service's aggregates, brought by events that may arrive in any order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, bindparam, case, inspect, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from notechondria_shared.db.arrays import unnested
from notechondria_shared.db.reader import Command, Reads, SessionReader, prepare_command, prepare_scalar

Reference = TypeVar("Reference")


class Projection:
    """A table that follows an aggregate of another service.

    `groups` maps each revision column to the columns it guards: a row takes over a group whose revision is newer than
    the one it has, and keeps the others. `live` is the condition of rows that are no tombstones; a tombstone is final.
    """

    def __init__(
        self,
        model: type[DeclarativeBase],
        key: InstrumentedAttribute[int],
        groups: Mapping[str, Sequence[str]],
        *,
        fixed: Sequence[str] = (),
        live: ColumnElement[bool] | None = None,
        tombstone: Mapping[str, object] | None = None,
    ) -> None:
        columns = [key.key, *fixed, *(name for revision, guarded in groups.items() for name in (revision, *guarded))]
        # A prepared statement knows no defaults of the model: they are said here.
        defaults: dict[str, object] = {
            column.key: column.default.arg
            for column in inspect(model).columns
            if column.key not in columns and isinstance(column.default, ScalarElementColumnDefault)
        }
        insert = upsert(model).values({**defaults, **{name: bindparam(name, required=True) for name in columns}})
        newer = {
            revision: getattr(model, revision) < insert.excluded[revision] for revision in groups
        }  # compared per group: text and state of a note arrive by different events
        taken = {
            name: case((newer[revision], insert.excluded[name]), else_=getattr(model, name))
            for revision, guarded in groups.items()
            for name in (revision, *guarded)
        }
        self._keep = prepare_command(insert.on_conflict_do_update(index_elements=[key], set_=taken, where=live))
        sent = unnested(model, columns)
        values = [*(sent.c[name] for name in columns), *(literal(value) for value in defaults.values())]
        insert_all = upsert(model).from_select([*columns, *defaults], select(*values))
        self._keep_all = prepare_command(insert_all.on_conflict_do_update(index_elements=[key], set_=taken, where=live))
        self._columns, self._key, self._groups = columns, key.key, groups
        self._known = prepare_scalar(select(key).where(key == bindparam("key")), int)
        self._revisions = tuple(groups)
        self._end = None if tombstone is None else _final(model, key, fixed, tuple(groups), tombstone)

    async def upsert(self, db: AsyncSession, **row: object) -> None:
        """Take over what is newer in `row`, which holds every column of the projection."""
        await SessionReader(db).run(self._keep, row)

    async def upsert_all(self, db: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
        """As `upsert`, for many rows in one statement. Of a key there may be several, newer and older in any order."""
        merged: dict[int, dict[str, Any]] = {}
        for row in rows:
            known = merged.setdefault(row[self._key], dict(row))
            for revision, guarded in self._groups.items():
                if row[revision] > known[revision]:
                    known.update({name: row[name] for name in (revision, *guarded)})
        if merged:
            # In the order of the keys: two processes that keep the same rows wait for each other instead of dying.
            ordered = [merged[key] for key in sorted(merged)]
            arrays = {name: [row[name] for row in ordered] for name in self._columns}
            await SessionReader(db).run(self._keep_all, arrays)

    async def mark_deleted(self, db: AsyncSession, revision: int, **identity: object) -> None:
        """Leave a tombstone: what arrives of the aggregate later is old. `identity`: key and fixed columns.

        Only for projections that were declared with a tombstone.
        """
        if self._end is None:
            raise TypeError("this projection has no tombstone")
        await SessionReader(db).run(self._end, {**identity, **dict.fromkeys(self._revisions, revision)})

    async def ask_owner(
        self, read: Reads, key: int, fetch: Callable[[int], Awaitable[Reference | None]]
    ) -> tuple[bool, Reference | None]:
        """Ask the owning service about an aggregate whose events have not arrived: (known here, its reference).

        Called before the transaction of a write, which must not wait for another service.
        """
        if await read.value(self._known, key=key) is not None:
            return True, None
        return False, await fetch(key) if key > 0 else None


def _final(
    model: type[DeclarativeBase],
    key: InstrumentedAttribute[int],
    fixed: Sequence[str],
    revisions: Sequence[str],
    tombstone: Mapping[str, object],
) -> Command:
    """The statement that leaves a tombstone, whether the row is there or not."""
    identity: dict[str, object] = {name: bindparam(name, required=True) for name in (key.key, *fixed, *revisions)}
    statement = upsert(model).values({**tombstone, **identity})
    set_ = {name: statement.excluded[name] for name in (*revisions, *tombstone)}
    return prepare_command(statement.on_conflict_do_update(index_elements=[key], set_=set_))
