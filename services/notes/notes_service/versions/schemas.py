"""Versions on the wire (notes §3.6, §7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel

from notechondria_contracts.fields import Choice, DateTime, Text
from notechondria_shared.core.timestamps import iso_z
from notechondria_shared.web import Body
from notechondria_shared.web.body import TEXT_LIMIT
from notes_service.values import EDITOR_MODES, EditorMode, Timestamp
from notes_service.versions.queries import VersionRow

REASON_LENGTH = 32
_LABELS = {"autosave_1m": "AutoSave-1m", "autosave_10m": "AutoSave-10m", "autosave_1h": "AutoSave-1h"}


def label_of(reason: str, at: datetime) -> str:
    """What the apps show of a version."""
    return _LABELS.get(reason.lower()) or at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "minutes")


class TakeSnapshot(Body):
    """`POST /notes/{id}/snapshot/`."""

    reason: Annotated[str | None, Text(blank=True, null=True)] = None

    @property
    def stored_reason(self) -> str:
        """At most 32 characters; `manual` without one."""
        return (self.reason or "manual")[:REASON_LENGTH]


class RestoreVersion(Body):
    """`POST /notes/{id}/restore/{version_id}/`: the apps send `{}`; agents name their own reason (mcp §5.6)."""

    reason: Annotated[str | None, Text(blank=True, null=True)] = None

    @property
    def stored_reason(self) -> str:
        """Of the version that stores the state before: at most 32 characters."""
        return (self.reason or "before_restore")[:REASON_LENGTH]


class ReviseText(Body):
    """`POST /notes/{id}/revise/`: another text, and why; the text of before becomes a version."""

    limit: ClassVar[int] = TEXT_LIMIT

    content: Annotated[str, Text(blank=True)]
    reason: Annotated[str | None, Text(blank=True, null=True)] = None

    @property
    def stored_reason(self) -> str:
        """Of the version that stores the text before: at most 32 characters."""
        return (self.reason or "before_edit")[:REASON_LENGTH]


class ExportedVersion(Body):
    """A version as an export holds it."""

    limit: ClassVar[int] = TEXT_LIMIT

    title: Annotated[str, Text(max_length=100)]
    description: Annotated[str | None, Text(max_length=600, blank=True, null=True)] = None
    content: Annotated[str, Text(blank=True)] = ""
    metadata_json: Annotated[str, Text(blank=True)] = ""
    editor_mode: Annotated[str, Choice(EDITOR_MODES)] = "G"
    reason: Annotated[str, Text(max_length=REASON_LENGTH)] = "manual"
    date_created: Annotated[datetime, DateTime()]


class VersionObject(BaseModel):
    """An earlier state of a note."""

    id: int
    title: str
    description: str | None
    content: str
    metadata_json: str
    editor_mode: EditorMode
    reason: str
    label: str
    date_created: Timestamp

    @classmethod
    def of(cls, row: VersionRow) -> VersionObject:
        """A row as the contract's version; `label` is what the apps show of it."""
        at = row.date_created
        return cls(
            id=row.id,
            title=row.title,
            description=row.description,
            content=row.content,
            metadata_json=row.metadata_json,
            editor_mode=row.editor_mode,
            reason=row.reason,
            label=label_of(row.reason, at),
            date_created=iso_z(at),
        )
