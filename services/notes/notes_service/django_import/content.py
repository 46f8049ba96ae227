"""What was imported so far: rows that come later refer to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from notechondria_shared.django_import.handover import Accounts, ImportedAccount, ImportedCourse, ImportedNote
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.rows import DjangoRow

NO_NOTE = "its note is not there"


@dataclass(slots=True)
class ImportedContent:
    """Courses, notes and blocks by id, and the files that rows name."""

    accounts: Accounts
    report: Report
    courses: dict[int, ImportedCourse] = field(default_factory=dict)
    notes: dict[int, ImportedNote] = field(default_factory=dict)
    blocks: set[int] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def file(self, row: DjangoRow, name: str) -> str:
        """Return a file column's path and remember the file."""
        path = row.text(name).replace("\\", "/").lstrip("/")
        if path:
            self.files.add(path)
        return path

    def author(self, kind: str, row: DjangoRow) -> ImportedAccount | None:
        """Return the account behind a row; a row without one that was ever opened is reported as left out."""
        owner = self.accounts.owner(row)
        if owner is None or owner.is_pending:
            self.report.skip(kind, row.id, "its account is not there, or was never opened")
            return None
        return owner

    def course(self, kind: str, row: DjangoRow) -> int | None:
        """Return the course of a row; a row whose course was not imported is reported as left out."""
        course_id = row.integer_or_none("course_id")
        if course_id not in self.courses:
            self.report.skip(kind, row.id, "its course is not there")
            return None
        return course_id

    def note(self, kind: str, row: DjangoRow) -> ImportedNote | None:
        """Return the note of a row; a row whose note was not imported is reported as left out."""
        note = self.notes.get(row.integer("note_id", default=0))
        if note is None:
            self.report.skip(kind, row.id, NO_NOTE)
        return note
