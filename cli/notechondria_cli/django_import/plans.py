"""Events, calendar feeds, work sessions, heatmap, and what the planner knows of notes and courses (planner §1)."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg

from notechondria_cli.django_import.accounts import ImportedAccounts
from notechondria_cli.django_import.report import Report
from notechondria_cli.django_import.source import Row, Source, dates, first, text
from notechondria_cli.django_import.target import Target, counted
from notechondria_cli.django_import.writings import ImportedContent

_ACTIVITY = uuid5(NAMESPACE_URL, "https://notechondria.invalid/heatmap-activity")


def move_plans(
    source: Source,
    target: Target,
    report: Report,
    people: ImportedAccounts,
    writings: ImportedContent,
    connection: psycopg.Connection[Any],
    *,
    dry_run: bool,
) -> None:
    """Move all that belongs to the planner; ids stay."""
    states = (
        {"user_id": row["id"], "is_active": row["status"] == "active", "revision": 1} for row in people.users.values()
    )
    target.write("accounts known to the planner", "planner.account_states", states, counted=False)
    courses = ({**row, "revision": 1, "is_deleted": False} for row in writings.courses.values())
    target.write("courses known to the planner", "planner.course_refs", courses, counted=False)
    target.write(
        "notes known to the planner", "planner.note_refs", map(_note_ref, writings.notes.values()), counted=False
    )
    if table := source.table("notes_plannerevent", "planner_plannerevent"):
        target.write("events", "planner.planner_events", _events(source, table, report, people, writings))
    if table := source.table("notes_calendarfeed", "notes_plannercalendarfeed"):
        feeds = list(_feeds(source, table, report, people, writings))
        sources = {} if dry_run else _sources(target, connection, feeds)
        rows = ({**_without(feed), "source_id": sources.get(feed["digest"])} for feed in feeds)
        target.write("calendar feeds", "planner.calendar_feeds", rows)
    if table := source.table("notes_noteactivitysession", "notes_notesession"):
        target.write("work sessions", "planner.note_sessions", _sessions(source, table, report, people, writings))
    if table := source.table("notes_heatmapactivity"):
        target.write("heatmap", "planner.activities", _activities(source, table, report, people, writings))


def _note_ref(row: Row) -> Row:
    state = "live" if row["deleted_at"] is None else "trashed"
    known = {key: value for key, value in row.items() if key != "deleted_at"}
    return {**known, "revision": 1, "state": state, "state_revision": 1}


def _course(row: Row, writings: ImportedContent) -> int | None:
    course = row.get("course_id")
    return course if course in writings.courses else None


def _events(
    source: Source, table: str, report: Report, people: ImportedAccounts, writings: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "events", source.rows(table)):
        if (owner := people.owned(report, "events", row)) is None:
            continue
        starts, ends = _window(row)
        freq = text(row, "recurrence_freq", 1)
        yield {
            "id": row["id"],
            "user_id": owner,
            "course_id": _course(row, writings),
            "title": text(row, "title", 120),
            "event_date": starts.date(),
            "starts_at": starts,
            "ends_at": ends,
            "difficulty_weight": max(1, int(first(row, "difficulty_weight", default=1))),
            "description": text(row, "description", 255),
            "is_completed": bool(row.get("is_completed")),
            "completed_at": row.get("completed_at"),
            "recurrence_freq": freq if freq in {"N", "W", "M", "Y"} else "N",
            "recurrence_interval": max(1, int(first(row, "recurrence_interval", default=1))),
            "recurrence_end_date": row.get("recurrence_end_date"),
            "recurrence_count": row.get("recurrence_count"),
            **dates(row),
            "revision": 1,
        }


def _window(row: Row) -> tuple[datetime, datetime]:
    """Start and end, which the monolith may lack (planner §2.3): noon UTC of the day, and an hour."""
    starts = row.get("starts_at") or datetime.combine(row["event_date"], time(12), UTC)
    starts = starts.astimezone(UTC)
    ends = row.get("ends_at")
    return starts, ends if ends and ends > starts else starts + timedelta(hours=1)


def _feeds(
    source: Source, table: str, report: Report, people: ImportedAccounts, writings: ImportedContent
) -> Iterator[Row]:
    store: Any = importlib.import_module("planner_service.calendar_sources.store")
    urls: Any = importlib.import_module("planner_service.calendar_feeds.urls")
    for row in counted(report, "calendar feeds", source.rows(table)):
        if (owner := people.owned(report, "calendar feeds", row)) is None:
            continue
        url, body = urls.normalised(text(row, "source_url")), text(row, "raw_ical")
        content = store.Content(None, body) if body else store.Content(url) if url else None
        yield {
            "id": row["id"],
            "user_id": owner,
            "course_id": _course(row, writings),
            "title": text(row, "title", 120),
            "source_kind": "S" if row.get("source_kind") == "S" else "I",
            "source_url": url,
            "is_enabled": bool(first(row, "is_enabled", default=True)),
            **dates(row),
            "digest": content.digest if content else None,
            "read_url": None if body else url,
            "body": body,
        }


def _without(feed: Row) -> Row:
    return {key: value for key, value in feed.items() if key not in {"digest", "read_url", "body"}}


def _sources(target: Target, connection: psycopg.Connection[Any], feeds: list[Row]) -> dict[str, int]:
    """Make the sources that the feeds read from, once for each address or text; their ids by digest."""
    wanted = {feed["digest"]: feed for feed in feeds if feed["digest"]}
    now = datetime.now(UTC)
    rows = (
        {"digest": digest, "url": feed["read_url"], "body": feed["body"], "entry_count": 0, "has_series": False,
         "failures": 0, "next_read_at": now, "touched_at": now}
        for digest, feed in wanted.items()
    )  # fmt: skip
    target.write("calendars", "planner.calendar_sources", rows, counted=False)
    found = connection.execute(
        "SELECT digest, id FROM planner.calendar_sources WHERE digest = ANY(%s)", (list(wanted),)
    ).fetchall()
    return dict(found)


def _on_note(report: Report, kind: str, row: Row, people: ImportedAccounts, writings: ImportedContent) -> int | None:
    owner = people.owner(row)
    if owner is None or row["note_id"] not in writings.notes:
        report.skip(kind, row["id"], "its note or account is not there")
        return None
    return owner


def _sessions(
    source: Source, table: str, report: Report, people: ImportedAccounts, writings: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "work sessions", source.rows(table)):
        if (owner := _on_note(report, "work sessions", row, people, writings)) is None:
            continue
        yield {
            "id": row["id"],
            "user_id": owner,
            "note_id": row["note_id"],
            "title": text(row, "title", 120),
            "summary": text(row, "summary", 255),
            "started_at": row["started_at"],
            "ended_at": row.get("ended_at"),
            **dates(row),
        }


def _activities(
    source: Source, table: str, report: Report, people: ImportedAccounts, writings: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "heatmap", source.rows(table)):
        if (owner := _on_note(report, "heatmap", row, people, writings)) is None:
            continue
        yield {
            # The monolith numbers its rows, we name them: the same name each time.
            "activity_id": uuid5(_ACTIVITY, str(row["id"])),
            "user_id": owner,
            "note_id": row["note_id"],
            "course_id": _course(row, writings),
            "activity_type": "C" if row.get("activity_type") == "C" else "E",
            "activity_date": row["activity_date"],
            "word_count": max(0, int(first(row, "word_count", default=0))),
        }
