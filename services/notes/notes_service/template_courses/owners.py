"""Whom the template courses belong to (decision 18); identity knows the accounts."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.clients.identity import IdentityClient
from notechondria_contracts.internal.identity import Account
from notes_service.state import NotesState

logger = logging.getLogger("notechondria.start")
DEMO_ACCOUNT = "CodeX"
STAND_IN = "sample-course-owner"
"""Owns the first course in a deployment without a superuser (notes §11.2)."""


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


async def find_owners(state: NotesState) -> Owners:
    """The owners as identity knows them; nobody while identity is away."""
    identity = IdentityClient(state.internal_http, state.settings.identity_url)
    try:
        superuser = await identity.first_superuser() or await identity.account_named(STAND_IN)
        return Owners(_owner(superuser), _owner(await identity.account_named(DEMO_ACCOUNT)))
    except (ServiceUnavailable, ServiceRefused) as error:
        logger.info("template courses: identity does not answer yet: %r", error)
        return Owners()


def _owner(account: Account | None) -> Owner | None:
    return None if account is None else Owner(account.id, account.username)
