"""Settings of the planner service."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from notechondria_shared.core.settings import EnvList, ServiceSettings


class PlannerSettings(ServiceSettings):
    """The chassis' settings, and how calendars of others are fetched and read. Times in seconds."""

    service: ClassVar[str] = "planner"

    calendar_feeds_max: int = Field(200, ge=0, le=10_000)
    """Calendars of others that one person may have."""
    calendar_links_max: int = Field(50, ge=0, le=10_000)
    """Secret addresses that one person may have."""
    calendar_feed_allow_hosts: EnvList = Field(default_factory=list)
    """Host names and addresses, as they stand in a feed's address, that may lie in a private network."""
    calendar_refresh_seconds: float = Field(3600.0, gt=0)
    """Between two fetches of an address whose calendar does not say how often it changes."""
    calendar_refresh_min_seconds: float = Field(900.0, gt=0)
    calendar_refresh_max_seconds: float = Field(86400.0, gt=0)
    calendar_refresh_pause_seconds: float = Field(2.0, ge=0)
    """Between two fetches of an address that people ask for."""
    calendar_fetch_seconds: float = Field(10.0, gt=0)
    """For one fetch, redirects and all (planner §5.2)."""
    calendar_read_seconds: float = Field(2.0, gt=0)
    """Processor time for reading one calendar."""
    calendar_readers: int = Field(2, ge=1, le=32)
    """Processes that read calendars at the same time."""
    calendar_poll_seconds: float = Field(2.0, gt=0)
    """How often it is looked for calendars that are due."""
