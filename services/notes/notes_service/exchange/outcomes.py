"""What came of each file of an import, by its name."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from notechondria_shared.core.errors import ApiError

NAME_LENGTH, TEXT_LENGTH = 255, 500
MOST_LISTED = 10_000
"""Files whose outcome is listed one by one."""
Outcome = Literal["created", "updated", "unchanged", "notice", "error"]


class Problem(BaseModel):
    """A file that was not imported."""

    file: str
    error: str


class FileOutcome(BaseModel):
    """What came of one file, and why."""

    file: str
    outcome: Outcome
    reason: str


class Imported(BaseModel):
    """What came of an import, or would come of it."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    attachments: int = 0
    errors: list[Problem] = []
    notices: list[Problem] = []
    """What was done otherwise than the files say, and why."""
    dry_run: bool = False
    files: list[FileOutcome] = []
    """The first 10,000 outcomes."""
    files_not_listed: int = 0


class Report:
    """Collects outcomes; the import goes on."""

    def __init__(self, *, dry_run: bool) -> None:
        self._answer = Imported(dry_run=dry_run)

    def error(self, name: str, reason: str) -> None:
        """A file, or a part of one, that was not taken."""
        self._answer.errors.append(Problem(file=name[:NAME_LENGTH], error=reason[:TEXT_LENGTH]))
        self._list(name, "error", reason)

    def refused(self, name: str, refusal: ApiError) -> None:
        """One that the rules of notes refuse. An outage is no fault of the file: it is raised again."""
        if refusal.status >= 500:
            raise refusal
        self.error(name, _reason(refusal.body))

    def created(self, name: str, files: int, notice: str = "") -> None:
        """A file became a note, with so many files."""
        self._answer.imported += 1
        self._answer.attachments += files
        self._noticed(name, "created", notice)

    def updated(self, name: str, files: int, notice: str = "") -> None:
        """A note was brought up to its file, with so many new files."""
        self._answer.updated += 1
        self._answer.attachments += files
        self._noticed(name, "updated", notice)

    def unchanged(self, name: str, notice: str = "") -> None:
        """A note says what its file says already."""
        self._answer.unchanged += 1
        self._noticed(name, "unchanged", notice)

    def left(self, name: str, notice: str) -> None:
        """A note was left as it is, though its file says something else."""
        self._answer.unchanged += 1
        self._noticed(name, "notice", notice)

    def noticed(self, name: str, notice: str) -> None:
        """What a file, whose outcome is listed, says and could not be."""
        self._noticed(name, "notice", notice)

    def not_used(self, name: str, reason: str) -> None:
        """A file that nothing was made of."""
        self._list(name, "notice", reason)

    def answer(self) -> Imported:
        """All of it."""
        return self._answer

    def _noticed(self, name: str, outcome: Outcome, notice: str) -> None:
        if notice:
            self._answer.notices.append(Problem(file=name[:NAME_LENGTH], error=notice[:TEXT_LENGTH]))
        self._list(name, outcome, notice)

    def _list(self, name: str, outcome: Outcome, reason: str) -> None:
        if len(self._answer.files) < MOST_LISTED:
            listed = FileOutcome(file=name[:NAME_LENGTH], outcome=outcome, reason=reason[:TEXT_LENGTH])
            self._answer.files.append(listed)
        else:
            self._answer.files_not_listed += 1


def _reason(body: object) -> str:
    """An error body as one line."""
    if isinstance(body, dict):
        return "; ".join(
            f"{key}: {' '.join(map(str, value)) if isinstance(value, list) else value}" for key, value in body.items()
        )
    return str(body)
