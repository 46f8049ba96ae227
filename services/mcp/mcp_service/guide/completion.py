"""Completion of the arguments of templates and prompts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from mcp.server import MCPServer
from mcp_types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from mcp_service.upstream.client import Refused, Services, Upstream
from notechondria_shared.core.timestamps import today

MOST = 100
DAYS = 28


Reference = PromptReference | ResourceTemplateReference
Handler = Callable[[Reference, CompletionArgument, CompletionContext | None], Awaitable[Completion | None]]


def register(server: MCPServer[Any], services: Services) -> None:
    """Add the handler."""
    decorator: Callable[[Handler], Handler] = server.completion()  # type: ignore[no-untyped-call]

    @decorator
    async def complete(
        ref: Reference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        """Values for an argument: titles find notes and courses, dates are those around today."""
        del context
        typed = argument.value.strip().lower()
        try:
            match ref, argument.name:
                case ResourceTemplateReference(), "uuid":
                    return _first(await _notes(services.notes, typed))
                case ResourceTemplateReference(), "course_id":
                    return _first([str(row["id"]) for row in await _courses(services.notes, typed)])
                case PromptReference(), "course":
                    return _first([row["title"] for row in await _courses(services.notes, typed)])
                case _, "start_date":
                    return _first([day for day in _days() if day.startswith(typed)])
        except Refused:
            return None
        return None


async def _notes(notes: Upstream, typed: str) -> list[str]:
    by_title = await notes.get("notes/", scope="personal", contains=typed or None, limit=MOST)
    found = [row["uuid"] for row in by_title["results"]]
    if typed and not found:
        newest = await notes.get("notes/", scope="personal", limit=MOST)
        found = [row["uuid"] for row in newest["results"] if row["uuid"].startswith(typed)]
    return found


async def _courses(notes: Upstream, typed: str) -> list[dict[str, Any]]:
    return [
        row for row in await notes.get("courses/") if typed in row["title"].lower() or str(row["id"]).startswith(typed)
    ]


def _days() -> list[str]:
    monday = today() - timedelta(days=today().weekday())
    mondays = [monday + timedelta(weeks=number) for number in (0, 1, 2, 3, -1, -2)]
    days = [today() + timedelta(days=number) for number in range(-DAYS, DAYS + 1)]
    return [day.isoformat() for day in dict.fromkeys([today(), *mondays, *days])]


def _first(values: list[str]) -> Completion:
    return Completion(values=values[:MOST], total=len(values), has_more=len(values) > MOST)
