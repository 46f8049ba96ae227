"""What there is on the site: the lists of all services, as those describe them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from notechondria_contracts.admin import AdminResource
from notechondria_contracts.clients.base import ServiceClient, ServiceRefused, ServiceUnavailable

FRESH_SECONDS = 30.0
"""So long a description counts: a service that was updated describes itself anew."""
RETRY_SECONDS = 1.0
"""So soon a service is asked again that has never described itself."""


@dataclass(frozen=True)
class Section:
    """A list of the site, and the services that have it: several when it is a joined one."""

    resource: AdminResource
    services: tuple[str, ...]


class Catalogue:
    """The descriptions of the services: asked for when they are needed, kept while a service is away."""

    def __init__(self, clients: Mapping[str, ServiceClient]) -> None:
        self._clients = clients
        self._described: dict[str, list[AdminResource]] = {}
        self._ask_again = dict.fromkeys(clients, 0.0)
        self._sections: dict[str, Section] = {}
        # One request asks, those beside it wait for its answers.
        self._asking = asyncio.Lock()

    async def refresh(self) -> None:
        """Ask the services whose description is old or missing, all at the same time."""
        async with self._asking:
            due = [name for name, at in self._ask_again.items() if time.monotonic() >= at]
            if due:
                await asyncio.gather(*(self._ask(name) for name in due))
                self._sections = _sections(self._described)

    @property
    def sections(self) -> dict[str, Section]:
        """The lists by name, in the order of the menu."""
        return self._sections

    @property
    def missing(self) -> list[str]:
        """Services that have not described themselves yet: what they have cannot be shown at all."""
        return sorted(self._clients.keys() - self._described.keys())

    @property
    def accounts(self) -> str:
        """The name of the list whose rows are accounts; empty while nobody knows."""
        return next((name for name, section in self._sections.items() if section.resource.accounts), "")

    async def _ask(self, name: str) -> None:
        try:
            self._described[name] = (await self._clients[name].admin_description()).resources
        except (ServiceUnavailable, ServiceRefused):
            pass
        wait = FRESH_SECONDS if name in self._described else RETRY_SECONDS
        self._ask_again[name] = time.monotonic() + wait


def _sections(described: Mapping[str, Iterable[AdminResource]]) -> dict[str, Section]:
    services: dict[str, list[str]] = {}
    resources: dict[str, AdminResource] = {}
    for service, own in described.items():
        for resource in own:
            services.setdefault(resource.name, []).append(service)
            resources[resource.name] = resource
    ordered = sorted(resources.values(), key=lambda resource: (resource.position, resource.name))
    return {resource.name: Section(resource, tuple(services[resource.name])) for resource in ordered}
