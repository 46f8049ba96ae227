"""Aggregates: the entities that events are about, and the one place where their revision grows.

An event carries the revision of the change it describes; consumers never let an older one overwrite a newer. So a
change and its revision belong together: `publish(db, note.event(NoteUpdated))` counts and builds in one call, and
`Note.bulk_change(...)` does the counting of a statement that changes many rows.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnExpressionArgument, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column
from sqlalchemy.sql.dml import ReturningUpdate

from notechondria_contracts.events.event import IntegrationEvent

EventT = TypeVar("EventT", bound=IntegrationEvent)


class Aggregate(Generic[EventT]):
    """Mixin of a mapped class whose changes are published as `EventT`."""

    event_attributes: ClassVar[dict[str, str]]
    """Field of the event -> attribute of the entity, and of a row of `event_columns`."""

    revision: Mapped[int] = mapped_column(default=1)
    """Grows with every event of the aggregate; 1 when it is made."""

    def event(self, kind: type[EventT]) -> EventT:
        """The present state as an event. Unless the event says that the aggregate was made, its revision grows."""
        if not kind.creates:
            self.revision += 1
        return self.row_event(kind, self)

    @classmethod
    def row_event(cls, kind: type[EventT], row: Any) -> EventT:
        """The event of a row that a statement made, or changed by `bulk_change`: its revision has grown already."""
        return cls._build(kind, row, row.revision)

    @classmethod
    def final_event(cls, kind: type[EventT], row: Any) -> EventT:
        """The event of a row that is gone: one revision beyond the last it had."""
        return cls._build(kind, row, row.revision + 1)

    @classmethod
    def next_event(cls, kind: type[EventT], row: Any) -> EventT:
        """The event of a change that a statement will make to a row as it was read, counting its revision itself."""
        return cls._build(kind, row, row.revision + 1)

    @classmethod
    def event_columns(cls) -> tuple[InstrumentedAttribute[Any], ...]:
        """What a statement on many rows has to return for `row_event` and `final_event`."""
        return tuple(getattr(cls, name) for name in (*cls.event_attributes.values(), "revision"))

    @classmethod
    def bulk_change(cls, *where: ColumnExpressionArgument[bool], **values: Any) -> ReturningUpdate[*tuple[Any, ...]]:
        """Change many rows at once, each under its next revision; the statement returns their `event_columns`."""
        return (
            update(cls)
            .where(*where)
            .values(**values, revision=cls.revision + 1)
            .returning(*cls.event_columns())
            .execution_options(synchronize_session=False)
        )

    @classmethod
    def _build(cls, kind: type[EventT], source: Any, revision: int) -> EventT:
        state = {field: getattr(source, name) for field, name in cls.event_attributes.items()}
        return kind.model_validate({**state, "revision": revision})
