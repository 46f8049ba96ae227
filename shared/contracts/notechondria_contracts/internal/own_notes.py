"""What notes offers the pages on which people look after their notes: its REST, and what stands beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class InCourse(BaseModel):
    """The course of a note."""

    title: str


class NoteLine(BaseModel):
    """A note in a list."""

    id: int
    title: str
    last_edit: str
    course: InCourse | None


class NoteLines(BaseModel):
    """A page of notes, last edited first."""

    results: list[NoteLine]
    total: int
    has_more: bool


class BinnedNote(BaseModel):
    """A note in the recycle bin, and how many bytes it takes up: text, versions and files."""

    id: int
    title: str
    course: str
    deleted_at: str
    size: int


class BinPage(BaseModel):
    """Notes of the recycle bin, deleted last first; how many there are in all."""

    notes: list[BinnedNote]
    total: int
    more: bool


class Emptied(BaseModel):
    """How many notes were removed for good."""

    count: int


class OwnVersion(BaseModel):
    """An earlier state of a note, without its text."""

    id: int
    title: str
    reason: str
    label: str
    date_created: str


class OwnVersions(BaseModel):
    """A note by its title, and its versions, the newest first."""

    title: str
    versions: list[OwnVersion]


class Comparison(BaseModel):
    """A version beside the note as it is: the beginning of both texts, of long ones."""

    title: str
    content: str
    last_edit: str
    version: OwnVersion
    version_content: str
    is_cut: bool
    """Whether there is more of one of them."""


class Reason(BaseModel):
    """Why a version is made."""

    reason: str


class FileOutcome(BaseModel):
    """What came of one file of an import, and why."""

    file: str
    outcome: Literal["created", "updated", "unchanged", "notice", "error"]
    reason: str


class ImportOutcome(BaseModel):
    """What came of an import."""

    imported: int
    updated: int
    unchanged: int
    attachments: int
    files: list[FileOutcome]
    files_not_listed: int


class ImportProgress(BaseModel):
    """An import that goes on after its request."""

    id: int
    state: Literal["running", "done", "failed", "interrupted"]
    dry_run: bool
    files: int
    files_done: int
    error: str
    result: ImportOutcome | None


class Storage(BaseModel):
    """What a person's notes take up, in bytes, and how many there are."""

    notes: int
    notes_bytes: int
    versions_bytes: int
    files: int
    files_bytes: int
    files_limit: int
    """Bytes that files may take up; 0 for no limit."""
    bin: int
    bin_bytes: int
