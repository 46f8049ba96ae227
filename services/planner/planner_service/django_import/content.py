"""What the imports of identity and notes have left: rows of the planner refer to it."""

from __future__ import annotations

from dataclasses import dataclass

from notechondria_shared.django_import.handover import Accounts, ImportedAccount, ImportedCourse, ImportedNote
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.rows import DjangoRow


@dataclass(frozen=True, slots=True)
class ImportedContent:
    """Accounts, and courses and notes by id."""

    accounts: Accounts
    courses: dict[int, ImportedCourse]
    notes: dict[int, ImportedNote]
    report: Report

    def course(self, row: DjangoRow) -> int | None:
        """Return the course of a row; None when it has none, or one that was not imported."""
        course_id = row.integer_or_none("course_id")
        return course_id if course_id in self.courses else None

    def on_note(self, kind: str, row: DjangoRow) -> tuple[ImportedAccount, ImportedNote] | None:
        """Return the account and the note of a row; a row without both is reported as left out."""
        owner, note = self.accounts.owner(row), self.notes.get(row.integer("note_id", default=0))
        if owner is None or note is None:
            self.report.skip(kind, row.id, "its note or account is not there")
            return None
        return owner, note
