"""Settings of the notes service."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from notechondria_shared.core.settings import ServiceSettings


class NotesSettings(ServiceSettings):
    """The chassis' settings, the room that searches and imports get, and what is done from time to time."""

    service: ClassVar[str] = "notes"

    search_workers: int = Field(2, ge=1, le=32)
    search_queue: int = Field(32, ge=1)
    """Searches that may wait for a ranking thread; beyond it 503."""

    import_max_mib: int = Field(50, ge=1, le=4096)
    """What one import may send; /tmp must have room for it, as often as `import_at_once` says."""
    import_max_files: int = Field(50_000, ge=1)
    import_at_once: int = Field(4, ge=1)
    """Imports under way in one process; beyond it 503."""

    user_storage_mib: int = Field(0, ge=0, le=100_000_000)
    """What the files of one person's notes may come to (decision 62); 0: no limit."""

    recycle_bin_retention_days: int = Field(0, ge=0, le=36500)
    """Days after which a deleted note is removed for good; 0: only its author empties the recycle bin."""
    housekeeping_seconds: float = Field(600, gt=0)
    """Between two looks at what is to be purged."""
    orphan_sweep_seconds: float = Field(24 * 3600, ge=0)
    """Between two sweeps of files that no row names."""
    orphan_age_seconds: float = Field(24 * 3600, ge=0)
    """How old such a file must be: younger ones may belong to an upload under way."""
