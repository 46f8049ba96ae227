"""Work sessions and heatmap (planner §1.3, §1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from notechondria_shared.django_import.source import Monolith
from planner_service.django_import.content import ImportedContent
from planner_service.models import ACTIVITY_TYPES, EDITED

SESSIONS, HEATMAP = "work sessions", "heatmap"
_NAMESPACE = uuid5(NAMESPACE_URL, "https://notechondria.invalid/heatmap-activity")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A row of `note_sessions`."""

    id: int
    user_id: int
    note_id: int
    title: str
    summary: str
    started_at: datetime
    ended_at: datetime | None
    date_created: datetime
    last_edit: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRow:
    """A row of `activities`."""

    activity_id: UUID
    user_id: int
    note_id: int
    course_id: int | None
    activity_type: str
    activity_date: date
    word_count: int


def work_sessions(source: Monolith, table: str, content: ImportedContent) -> Iterator[SessionRow]:
    """Work sessions on notes that were imported."""
    for row in content.report.counted(SESSIONS, source.rows(table)):
        if (owned := content.on_note(SESSIONS, row)) is None:
            continue
        owner, note = owned
        dates = row.dates()
        yield SessionRow(
            id=row.id,
            user_id=owner.user_id,
            note_id=note.note_id,
            title=row.text("title", longest=120),
            summary=row.text("summary", longest=255),
            started_at=row.timestamp("started_at"),
            ended_at=row.timestamp_or_none("ended_at"),
            date_created=dates.date_created,
            last_edit=dates.last_edit,
        )


def activities(source: Monolith, table: str, content: ImportedContent) -> Iterator[ActivityRow]:
    """What was written on notes that were imported."""
    for row in content.report.counted(HEATMAP, source.rows(table)):
        if (owned := content.on_note(HEATMAP, row)) is None:
            continue
        owner, note = owned
        yield ActivityRow(
            # The monolith numbers its rows, we name them: the same name each time.
            activity_id=uuid5(_NAMESPACE, str(row.id)),
            user_id=owner.user_id,
            note_id=note.note_id,
            course_id=content.course(row),
            activity_type=row.choice("activity_type", ACTIVITY_TYPES, EDITED),
            activity_date=row.day("activity_date"),
            word_count=max(0, row.integer("word_count", default=0)),
        )
