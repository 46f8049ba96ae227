"""Settings of the mcp service."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from notechondria_shared.core.settings import ServiceSettings


class McpSettings(ServiceSettings):
    """The chassis' settings, and what only this service needs."""

    service: ClassVar[str] = "mcp"

    mcp_rate_per_minute: int = Field(600, ge=0)
    """Requests per minute and API key, over all replicas; 0 = no limit."""
    mcp_log_days: int = Field(90, ge=1)
    """Days for which the agents' log keeps a call."""
    mcp_tool_seconds: float = Field(18, gt=0, le=18)
    """What a tool may take; with the wait for the log, an answer takes 20 s at most."""
    mcp_fixtures: str = ""
    """For tests only: `module:function` that adds conformance fixtures to the server."""
