"""Whom the template courses belong to (decision 18); identity knows the accounts."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from pydantic import BaseModel, ConfigDict

DEMO_ACCOUNT = "CodeX"
STAND_IN = "sample-course-owner"
"""Owns the first course in a house without a superuser (notes §11.2)."""
PAGES = 20


@dataclass(frozen=True, slots=True)
class Owner:
    """An account that owns template courses."""

    user_id: int
    username: str


class _Account(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: int
    username: str
    is_superuser: bool


class _Accounts(BaseModel):
    model_config = ConfigDict(extra="ignore")

    users: list[_Account]
    total: int


async def find_owners(http: httpx.AsyncClient, identity_url: str) -> tuple[Owner | None, Owner | None]:
    """The first superuser, or who stands in for one, and the demo account; None for one that does not exist.

    Raises `httpx.HTTPError`.
    """
    first = await _first_superuser(http, identity_url) or await _named(http, identity_url, STAND_IN)
    return first, await _named(http, identity_url, DEMO_ACCOUNT)


async def _named(http: httpx.AsyncClient, identity_url: str, username: str) -> Owner | None:
    found = await _search(http, identity_url, username, 0)
    return next((_owner(account) for account in found.users if account.username == username), None)


async def _first_superuser(http: httpx.AsyncClient, identity_url: str) -> Owner | None:
    offset = 0
    for _ in range(PAGES):
        page = await _search(http, identity_url, "", offset)
        for account in page.users:
            if account.is_superuser:
                return _owner(account)
        offset += len(page.users)
        if not page.users or offset >= page.total:
            break
    return None


def _owner(account: _Account) -> Owner:
    return Owner(account.id, account.username)


async def _search(http: httpx.AsyncClient, identity_url: str, search: str, offset: int) -> _Accounts:
    answer = await http.get(f"{identity_url}/internal/operators/users", params={"search": search, "offset": offset})
    answer.raise_for_status()
    return _Accounts.model_validate_json(answer.content)
