"""`GET /api/v1/status/`: how every service is, for staff."""

from __future__ import annotations

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import Forbidden
from notechondria_shared.observability.diagnosis import SystemStatus
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.router import Router
from web_service.dependencies import State
from web_service.status.service import system_status

STAFF_ONLY = "Status not shown: Backend.Status/permission_check — only staff may see it."
router = Router(prefix="/api/v1/status", tags=["platform"])


@router.get("/", responses=refusals(403))
async def status(state: State, caller: LoggedIn) -> SystemStatus:
    """Each service with version, replicas, migrations, outbox, consumers and dead letters; 403 unless staff.

    A part that is away is shown as such. `findings` says in sentences what is wrong and what to do.
    """
    if not caller.is_staff:
        raise Forbidden(STAFF_ONLY)
    return await system_status(state)
