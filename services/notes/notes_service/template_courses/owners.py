"""Whom the template courses belong to (decision 18); identity knows the accounts."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from notes_service.state import NotesState

logger = logging.getLogger("notechondria.start")
DEMO_ACCOUNT = "CodeX"
STAND_IN = "sample-course-owner"
"""Owns the first course in a deployment without a superuser (notes §11.2)."""
PAGES = 20


@dataclass(frozen=True, slots=True)
class Owner:
    """An account that owns template courses."""

    user_id: int
    username: str


@dataclass(frozen=True, slots=True)
class Owners:
    """The first superuser, or its stand-in, and the demo account; None for one that does not exist."""

    superuser: Owner | None = None
    demo: Owner | None = None


class _Account(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: int
    username: str
    is_superuser: bool


class _Accounts(BaseModel):
    model_config = ConfigDict(extra="ignore")

    users: list[_Account]
    total: int


async def find_owners(state: NotesState) -> Owners:
    """The owners as identity knows them; nobody while identity is away."""
    search = _AccountSearch(state.internal_http, state.settings.identity_url)
    try:
        superuser = await search.first_superuser() or await search.named(STAND_IN)
        return Owners(superuser, await search.named(DEMO_ACCOUNT))
    except (httpx.HTTPError, ValidationError) as error:
        logger.info("template courses: identity does not answer yet: %r", error)
        return Owners()


class _AccountSearch:
    def __init__(self, http: httpx.AsyncClient, identity_url: str) -> None:
        self._http, self._url = http, f"{identity_url}/internal/operators/users"

    async def named(self, username: str) -> Owner | None:
        page = await self._page(username, 0)
        return next((_owner(account) for account in page.users if account.username == username), None)

    async def first_superuser(self) -> Owner | None:
        offset = 0
        for _ in range(PAGES):
            page = await self._page("", offset)
            for account in page.users:
                if account.is_superuser:
                    return _owner(account)
            offset += len(page.users)
            if not page.users or offset >= page.total:
                break
        return None

    async def _page(self, search: str, offset: int) -> _Accounts:
        answer = await self._http.get(self._url, params={"search": search, "offset": offset})
        answer.raise_for_status()
        return _Accounts.model_validate_json(answer.content)


def _owner(account: _Account) -> Owner:
    return Owner(account.id, account.username)
