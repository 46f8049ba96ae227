"""Settings of the web service."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from notechondria_shared.core.settings import CoreSettings


class WebSettings(CoreSettings):
    """The settings of every service, and how much its forms take: as much as notes does."""

    service: ClassVar[str] = "web"

    backup_status_file: str = ""
    """Where the launcher writes how the last backup went; where it is not said, the status does not show it."""
    import_max_mib: int = Field(50, ge=1, le=4096)
    import_max_files: int = Field(50_000, ge=1)
    apps_url: str = ""
    """Where people get an app; the page at `/` links there."""
