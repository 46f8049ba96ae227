"""Rows of the services, over their internal endpoints; those of a list that several have, as one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from notechondria_contracts.admin import AdminPage, AdminQuery, AdminRow
from notechondria_contracts.clients.base import ServiceClient, ServiceUnavailable
from notechondria_shared.core.errors import NotFound
from web_service.admin.catalogue import Section

NO_PAGE = "There is no such page."
MOST = 1000
"""Rows of one answer of a service."""
_DIGITS = 18


@dataclass(frozen=True)
class RowAddress:
    """Where a row is: its service, and its id there."""

    client: ServiceClient
    row_id: int


@dataclass(frozen=True)
class Shown:
    """A row of the site; `key` is its id in a path."""

    key: str
    row: AdminRow


@dataclass(frozen=True)
class ListPage:
    """Rows of a list, how many there are in all, and the services that could not be asked."""

    rows: list[Shown]
    total: int
    away: list[str] = field(default_factory=list)


def address_of(clients: Mapping[str, ServiceClient], section: Section, key: str) -> RowAddress:
    """The row of a key: `<id>`, or `<service>-<id>` in a joined list; 404 for what is none."""
    service, digits = section.services[0], key
    if section.resource.joined:
        service, _, digits = key.partition("-")
    if service not in section.services or not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        raise NotFound(NO_PAGE)
    return RowAddress(clients[service], int(digits))


async def one(clients: Mapping[str, ServiceClient], section: Section, key: str) -> Shown:
    """A row; 404 when there is none, `ServiceUnavailable` while its service is away."""
    at = address_of(clients, section, key)
    return Shown(key, await at.client.admin_row(section.resource.name, at.row_id))


async def page(clients: Mapping[str, ServiceClient], section: Section, query: AdminQuery) -> ListPage:
    """A page of a list; without the rows of services that are away, whose names it gives.

    Of a joined list each service gives its first rows, as many as reach to the end of the page; the greatest of all
    are shown.
    """
    joined = section.resource.joined
    end = min(query.offset + query.limit, MOST)
    asked = query.model_copy(update={"offset": 0, "limit": end}) if joined else query
    answers = await asyncio.gather(*(_ask(clients[name], section, asked) for name in section.services))
    away = [name for name, answer in zip(section.services, answers, strict=True) if answer is None]
    answered = {name: answer for name, answer in zip(section.services, answers, strict=True) if answer is not None}
    total = sum(answer.total for answer in answered.values())
    if not joined:
        return ListPage([Shown(str(row.id), row) for answer in answered.values() for row in answer.rows], total, away)
    rows = [(name, row) for name, answer in answered.items() for row in answer.rows]
    rows.sort(key=lambda joined_row: (joined_row[1].order, joined_row[1].id), reverse=True)
    return ListPage([Shown(f"{name}-{row.id}", row) for name, row in rows[query.offset : end]], min(total, MOST), away)


async def _ask(client: ServiceClient, section: Section, query: AdminQuery) -> AdminPage | None:
    try:
        return await client.admin_page(section.resource.name, query)
    except ServiceUnavailable:
        return None
