"""What the import of one service leaves for the next: nobody reads another service's schema (ADR 0001).

Each kind is a file of JSON lines in a folder that all three imports are given. They say what was imported, also in a
dry run, in which no table holds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Generic, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from notechondria_shared.django_import.problem import ImportProblem
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.rows import DjangoRow

T = TypeVar("T")
NO_ACCOUNT = "its account is not there"


@dataclass(frozen=True, slots=True)
class ImportedAccount:
    """An account of identity, in its columns; `creator_id` is the profile that the monolith's rows name as owner."""

    user_id: int
    creator_id: int | None
    username: str
    image_path: str
    editor_mode: str
    is_active: bool
    is_pending: bool
    """Never opened: notes and planner have nothing of it."""


@dataclass(frozen=True, slots=True)
class ImportedCourse:
    """A course of notes; `user_id` is None for one without an owner."""

    course_id: int
    user_id: int | None
    title: str


@dataclass(frozen=True, slots=True)
class ImportedNote:
    """A note of notes."""

    note_id: int
    user_id: int
    uuid: UUID
    title: str
    description: str
    course_id: int | None
    deleted_at: datetime | None
    """When it was put into the recycle bin."""


class HandoverFile(Generic[T]):
    """A file of the handover: which import writes it, and the type of its rows."""

    def __init__(self, name: str, service: str, kind: type[T]) -> None:
        self._name, self._service = f"{name}.jsonl", service
        self._row: TypeAdapter[T] = TypeAdapter(kind)

    def write(self, folder: Path, rows: Iterable[T]) -> None:
        """Write the rows."""
        with (folder / self._name).open("wb") as file:
            file.writelines(self._row.dump_json(row) + b"\n" for row in rows)

    def read(self, folder: Path) -> list[T]:
        """Return the rows; raises `ImportProblem` when the import that writes them has not run."""
        try:
            with (folder / self._name).open("rb") as file:
                return [self._row.validate_json(line) for line in file]
        except FileNotFoundError:
            raise ImportProblem(
                f"There is no {self._name} in {folder}.",
                f"Import {self._service} first, with the same --handover; `notechondria import-django` does all three.",
            ) from None


ACCOUNTS: Final = HandoverFile("accounts", "identity", ImportedAccount)
COURSES: Final = HandoverFile("courses", "notes", ImportedCourse)
NOTES: Final = HandoverFile("notes", "notes", ImportedNote)


class Accounts:
    """The imported accounts, found by the creator that a row of the monolith names."""

    def __init__(self, accounts: Iterable[ImportedAccount]) -> None:
        self.all = list(accounts)
        self._of_creator = {account.creator_id: account for account in self.all if account.creator_id is not None}

    def owner(self, row: DjangoRow) -> ImportedAccount | None:
        """Return the account behind a row's creator; None when there is none."""
        creator = row.integer_or_none("creator_id", "owner_id")
        return None if creator is None else self._of_creator.get(creator)

    def owned(self, report: Report, kind: str, row: DjangoRow) -> ImportedAccount | None:
        """Return the account behind a row; a row without one is reported as left out."""
        owner = self.owner(row)
        if owner is None:
            report.skip(kind, row.id, NO_ACCOUNT)
        return owner
