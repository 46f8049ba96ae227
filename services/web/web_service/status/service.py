"""Asking every service how it is: at the same time, and not for long."""

from __future__ import annotations

import asyncio

from notechondria_contracts.clients.base import ASK, ServiceClient, ServiceRefused, ServiceUnavailable
from notechondria_contracts.internal.status import ServiceStatus
from notechondria_shared.core.timestamps import now
from notechondria_shared.core.version import product_version
from notechondria_shared.observability.diagnosis import SystemStatus, findings
from web_service.state import WebState
from web_service.status.backup import last_backup


async def all_services(state: WebState) -> list[ServiceStatus]:
    """The others and this service; one that does not answer is shown as such."""
    statuses = await asyncio.gather(*(_ask(client) for client in state.clients.values()))
    return [*statuses, ServiceStatus(name=state.settings.service, version=product_version())]


async def system_status(state: WebState) -> SystemStatus:
    """Everything at once: what each service says, what is wrong and what to do, the last backup."""
    services, backup = await asyncio.gather(
        all_services(state), asyncio.to_thread(last_backup, state.settings.backup_status_file)
    )
    problems = findings(services)
    return SystemStatus(
        status="degraded" if problems else "ok",
        version=product_version(),
        checked_at=now(),
        services=services,
        findings=problems,
        backup=backup,
    )


async def _ask(client: ServiceClient) -> ServiceStatus:
    try:
        # The time limits of httpx are those of single steps.
        async with asyncio.timeout(ASK.read):
            return await client.status()
    except (ServiceUnavailable, ServiceRefused, TimeoutError):
        return ServiceStatus(name=client.service, reachable=False)
