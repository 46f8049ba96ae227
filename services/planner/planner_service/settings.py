"""Settings of the planner service."""

from __future__ import annotations

from typing import ClassVar

from notechondria_shared.settings import ServiceSettings


class PlannerSettings(ServiceSettings):
    """The chassis' settings are all it needs."""

    service: ClassVar[str] = "planner"
