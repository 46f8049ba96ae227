"""The client of the planner service."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient


class PlannerClient(ServiceClient):
    """What every service offers; nothing else is asked of planner yet."""

    service = "planner"
