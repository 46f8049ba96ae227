"""Settings of the notes service."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from notechondria_shared.settings import ServiceSettings


class NotesSettings(ServiceSettings):
    """The chassis' settings and the room that ranking of searches gets."""

    service: ClassVar[str] = "notes"

    search_workers: int = Field(2, ge=1, le=32)
    search_queue: int = Field(32, ge=1)
    """Searches that may wait for a ranking thread; beyond it 503."""
