"""What a service shows the administration site (docs/admin.md): lists and single rows at `/internal/admin/<kind>`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db.listing import SearchableList
from notechondria_shared.db.tables import Row
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.internal import require_internal
from notechondria_shared.web.page_query import Page


class Shown:
    """A list of the administration; `unknown` is the text for a row that is not there."""

    def __init__(self, listing: SearchableList, unknown: str) -> None:
        self._listing, self._unknown = listing, unknown

    async def rows(self, read: ReadSession, wanted: Page) -> dict[str, Any]:
        """Rows of all users, newest first, as the query asks for them."""
        return await self._listing.read(read, wanted)

    async def row(self, read: ReadSession, key: int) -> Row:
        """One row; 404 when there is none."""
        row = await self._listing.one(read, key)
        if row is None:
            raise NotFound(self._unknown)
        return row


def admin_router(dependencies: tuple[Any, ...] = (), **shown: Shown) -> APIRouter:
    """A router with `GET <kind>` and `GET <kind>/<id>` for each of `shown`, for calls from inside alone."""
    inside = [Depends(require_internal), *dependencies]
    router = APIRouter(prefix="/internal/admin", include_in_schema=False, dependencies=inside)
    for kind, one in shown.items():
        router.get(f"/{kind}", name=f"list_{kind}")(one.rows)
        router.get(f"/{kind}/{{key:id}}", name=f"get_{kind}")(one.row)
    return router
