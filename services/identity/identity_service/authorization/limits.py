"""What programs may do before anybody allowed them anything, per network (ADR 0025)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.models import RATE_BUCKETS
from identity_service.sessions.devices import Device
from identity_service.state import identity_state
from notechondria_shared.web.rate_limit import TokenBuckets, daily

REGISTRATIONS_A_MINUTE, REGISTRATIONS_A_DAY = 20, 200
"""Of one address (IPv6: one /64). One may stand for a company, or for a cloud in which many people's agents live."""
REFUSALS_A_MINUTE = 60
DOCUMENTS_A_MINUTE = 20
"""Of one account: a signed-in person cannot have this server ask others without end."""
TOO_MANY_DOCUMENTS = "Not asked: Backend.Auth/oauth.authorize — too many programs in a minute."
TOO_MANY = "Not registered: Backend.Auth/oauth.register — too many registrations from this network."
TOO_MANY_REFUSED = "Request refused: Backend.Auth/oauth.token — too many refused requests from this network."


def _source(request: Request) -> str:
    return Device.of(request).ip_hash[:40]


async def count_registration(request: Request, db: AsyncSession) -> None:
    """Count a registration that is about to be made; 429 when there were too many."""
    if identity_state(request.app).settings.account_rate_per_minute == 0:
        return
    source = _source(request)
    limits = {
        f"program:register:{source}": REGISTRATIONS_A_MINUTE,
        daily(f"program:register:{source}"): REGISTRATIONS_A_DAY,
    }
    await TokenBuckets(RATE_BUCKETS, limits, TOO_MANY).take(db)


async def count_document(request: Request, db: AsyncSession, user_id: int) -> None:
    """Count a document that is about to be fetched for a person; 429 when there were too many."""
    if identity_state(request.app).settings.account_rate_per_minute == 0:
        return
    await TokenBuckets(RATE_BUCKETS, {f"program:document:{user_id}": DOCUMENTS_A_MINUTE}, TOO_MANY_DOCUMENTS).take(db)


@asynccontextmanager
async def refusals_counted(request: Request) -> AsyncIterator[None]:
    """Bound how often a network may be refused at the token endpoint: 429 before the block when it was too often.

    Counted before the secret is looked at, and not at all when it was right. The block holds no session when it ends.
    """
    state = identity_state(request.app)
    if state.settings.account_rate_per_minute == 0:
        yield
        return
    buckets = TokenBuckets(RATE_BUCKETS, {f"program:refused:{_source(request)}": REFUSALS_A_MINUTE}, TOO_MANY_REFUSED)
    async with state.database.transaction() as db:
        await buckets.take(db)
    yield
    async with state.database.transaction() as db:
        await buckets.give_back(db)
