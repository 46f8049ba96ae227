"""Who did what: identity keeps the record, claimed before an action and settled after it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable, StaffPasswordNeeded
from notechondria_contracts.clients.identity import IdentityClient

logger = logging.getLogger("notechondria.admin")


@dataclass
class Claim:
    """An action that has begun; `about` may be set to what it made."""

    about: str


@asynccontextmanager
async def recorded(identity: IdentityClient, action: str, about: str, assertion: str) -> AsyncIterator[Claim]:
    """Do the block as a recorded action: nothing is done that identity has not written down before.

    A refusal and a service that is away are outcomes; they are raised again.
    """
    action_id = await identity.begin_staff_action(action, about, assertion)
    claim = Claim(about)
    outcome = "failed"
    try:
        yield claim
        outcome = "done"
    except StaffPasswordNeeded:
        outcome = "password needed"
        raise
    except ServiceRefused as refusal:
        outcome = f"refused {refusal.status}"
        raise
    except ServiceUnavailable:
        outcome = "service away"
        raise
    finally:
        try:
            await identity.settle_staff_action(action_id, outcome, claim.about)
        except (ServiceUnavailable, ServiceRefused) as problem:
            # The action is over all the same; its record goes on saying that it was begun.
            logger.warning("staff action %d could not be settled as %s: %s", action_id, outcome, problem)
