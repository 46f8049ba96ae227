"""The status of everything, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from notechondria_shared.observability.diagnosis import Finding
from notechondria_shared.observability.service_status import ServiceStatus


class SystemStatus(BaseModel):
    """`ok` when there is no finding; `version` is that of the service that answers."""

    status: Literal["ok", "degraded"]
    version: str
    checked_at: datetime
    services: list[ServiceStatus]
    findings: list[Finding]
