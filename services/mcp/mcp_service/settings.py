"""Settings of the mcp service."""

from __future__ import annotations

from typing import ClassVar

from notechondria_shared.settings import ServiceSettings


class McpSettings(ServiceSettings):
    """The chassis' settings."""

    service: ClassVar[str] = "mcp"
