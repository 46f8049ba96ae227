"""Asking every service how it is: at the same time, and not for long."""

from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI
from pydantic import ValidationError

from notechondria_contracts.internal.status import STATUS_PATH, ServiceStatus
from notechondria_shared.observability.status import service_status

PATIENCE = httpx.Timeout(2.5, connect=0.5)
"""A service that is well answers within a good second, whatever it has to wait for itself."""


async def all_services(app: FastAPI) -> list[ServiceStatus]:
    """This service and the others; one that does not answer is shown as such."""
    settings = app.state.settings
    others = {"notes": settings.notes_url, "planner": settings.planner_url, "mcp": settings.mcp_url}
    return list(
        await asyncio.gather(
            service_status(app), *(_ask(app.state.internal_http, name, url) for name, url in others.items())
        )
    )


async def _ask(http: httpx.AsyncClient, name: str, url: str) -> ServiceStatus:
    try:
        # The time limits of httpx are those of single steps.
        async with asyncio.timeout(PATIENCE.read):
            answer = await http.get(url.rstrip("/") + STATUS_PATH, timeout=PATIENCE)
        answer.raise_for_status()
        return ServiceStatus.model_validate_json(answer.content)
    except (httpx.HTTPError, TimeoutError, ValidationError):
        return ServiceStatus(name=name, reachable=False)
