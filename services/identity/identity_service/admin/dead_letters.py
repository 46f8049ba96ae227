"""Dead letters of all services in one list: facts that a consumer gave up on."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fastapi import Request

from identity_service.admin.entry import Staff
from identity_service.admin.remote import AwayError, as_query, call
from identity_service.admin.sections import Page, Row, number
from notechondria_shared.core.errors import Conflict, NotFound
from notechondria_shared.db.listing import MOST, PageQuery

SERVICES = ("identity", "notes", "planner", "mcp")
PATH = "/internal/events/dead-letters"


def _place(key: str) -> tuple[str, str]:
    """Service and path of the letter `<service>-<id>`."""
    service, _, letter = key.partition("-")
    if service not in SERVICES:
        raise NotFound("There is no such page.")
    return service, f"{PATH}/{number(letter)}"


def _shown(row: Row) -> Row:
    return {**row, "id": f"{row['consumer']}-{row['id']}", "error": row["error"][:500]}


class DeadLetters:
    """The letters, newest first."""

    async def page(self, request: Request, wanted: PageQuery) -> Page:
        """Each service gives its first ones, as many as reach to the end of the page; the newest of all are shown."""
        end = min(wanted.offset + wanted.limit, MOST)
        query = as_query(replace(wanted, offset=0, limit=end, user_id=None))
        answers = await asyncio.gather(
            *(call(request, name, "GET", PATH, **query) for name in SERVICES), return_exceptions=True
        )
        rows: list[Row] = []
        total, away = 0, []
        for answer in answers:
            if isinstance(answer, AwayError):
                away.append(answer.service)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                rows += answer["results"]
                total += answer["total"]
        rows.sort(key=lambda row: (row["failed_at"], row["id"]), reverse=True)
        return Page([_shown(row) for row in rows[wanted.offset : end]], min(total, MOST), away)

    async def one(self, request: Request, key: str) -> Row:
        """A letter; 404 when there is none."""
        service, path = _place(key)
        return _shown(await call(request, service, "GET", path))


async def replay(request: Request, _: Staff, key: str) -> None:
    """Hand a letter to its consumer again; 409 with the error when it fails once more."""
    service, path = _place(key)
    answer = await call(request, service, "POST", f"{path}/replay")
    if not answer["replayed"]:
        raise Conflict(f"It failed again: {answer['error'][:500]}")


async def discard(request: Request, _: Staff, key: str) -> None:
    """Forget a letter."""
    service, path = _place(key)
    await call(request, service, "POST", f"{path}/discard")
