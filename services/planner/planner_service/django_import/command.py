"""`python -m planner_service import-django`."""

from __future__ import annotations

import sys

from notechondria_shared.django_import import command
from notechondria_shared.django_import.handover import ACCOUNTS, COURSES, NOTES, Accounts
from planner_service import models
from planner_service.app import SPEC
from planner_service.django_import import activity, feeds, planner_events, references
from planner_service.django_import.content import ImportedContent
from planner_service.settings import PlannerSettings


def import_django(settings: PlannerSettings) -> int:
    """Import with the arguments of the command line; the exit code."""
    return command.import_django(settings, SPEC, _import, sys.argv[2:])


def _import(run: command.ImportRun[PlannerSettings]) -> None:
    content = ImportedContent(
        Accounts(ACCOUNTS.read(run.handover)),
        {course.course_id: course for course in COURSES.read(run.handover)},
        {note.note_id: note for note in NOTES.read(run.handover)},
        run.report,
    )
    source, target = run.source, run.target
    for kind, model, rows in (
        ("accounts known to the planner", models.AccountState, references.account_states(content)),
        ("courses known to the planner", models.CourseRef, references.course_refs(content)),
        ("notes known to the planner", models.NoteRef, references.note_refs(content)),
    ):
        target.write(kind, model, rows, counted=False)
    if table := source.table("notes_plannerevent", "planner_plannerevent"):
        target.write(planner_events.EVENTS, models.PlannerEvent, planner_events.events(source, table, content))
    if table := source.table("notes_calendarfeed", "notes_plannercalendarfeed"):
        feeds.import_feeds(run, table, content)
    if table := source.table("notes_noteactivitysession", "notes_notesession"):
        target.write(activity.SESSIONS, models.NoteSession, activity.work_sessions(source, table, content))
    if table := source.table("notes_heatmapactivity"):
        target.write(activity.HEATMAP, models.Activity, activity.activities(source, table, content))
