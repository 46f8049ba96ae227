"""`python -m notes_service import-django`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from notechondria_shared.django_import import command
from notechondria_shared.django_import.handover import ACCOUNTS, COURSES, NOTES, Accounts
from notechondria_shared.django_import.source import Monolith
from notes_service import models
from notes_service.app import SPEC
from notes_service.blocks.blank_texts import fill_blank_texts
from notes_service.django_import import attached, blocks, courses, notes
from notes_service.django_import.content import ImportedContent
from notes_service.settings import NotesSettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class _Step(NamedTuple):
    kind: str
    model: type[models.Base]
    table: str
    rows: Callable[[Monolith, str, ImportedContent], Iterator[DataclassInstance]]


_STEPS = (
    _Step(courses.COURSES, models.Course, "notes_course", courses.courses),
    _Step(courses.PICTURES, models.CourseMedia, "notes_coursemedia", courses.pictures),
    _Step(courses.SUBSCRIPTIONS, models.CourseSubscription, "notes_coursesubscription", courses.subscriptions),
    _Step(courses.OPERATIONS, models.CourseOperation, "notes_courseoperationlog", courses.operations),
    _Step(notes.NOTES, models.Note, "notes_note", notes.notes),
    _Step(blocks.BLOCKS, models.NoteBlock, "notes_noteblock", blocks.blocks),
    _Step(blocks.ORDER, models.NoteIndex, "notes_noteindex", blocks.order_of_blocks),
    _Step(attached.ATTACHMENTS, models.NoteAttachment, "notes_noteattachment", attached.attachments),
    _Step(attached.VERSIONS, models.NoteVersion, "notes_noteversion", attached.versions),
)
"""In the order in which rows refer to each other."""


def import_django(settings: NotesSettings) -> int:
    """Import with the arguments of the command line; the exit code."""
    return command.import_django(settings, SPEC, _import, sys.argv[2:])


def _import(run: command.ImportRun[NotesSettings]) -> None:
    content = ImportedContent(Accounts(ACCOUNTS.read(run.handover)), run.report)
    run.target.write("authors", models.Author, notes.authors(content), counted=False)
    for step in _STEPS:
        if table := run.source.table(step.table):
            run.target.write(step.kind, step.model, step.rows(run.source, table, content))
    run.target.write(attached.RECYCLE_BIN, models.RecycleBinEntry, attached.recycle_bin(run.source, content))
    if not run.report.dry_run:
        fill_blank_texts(run.target.connection)
    COURSES.write(run.handover, content.courses.values())
    NOTES.write(run.handover, content.notes.values())
    run.media.copy(content.files)
