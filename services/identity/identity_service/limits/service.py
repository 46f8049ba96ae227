"""Limits on guessing, counted over all replicas (decision 30, ADR 0025).

Each account and each address has a bucket of tries per kind. Only the entering of secrets is counted: sessions and keys
that are valid already are never looked at, so nobody can lock an owner out of a signed-in device.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from identity_service.models import RATE_BUCKETS
from identity_service.sessions.devices import Device
from identity_service.state import identity_state
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.rate_limit import TokenBuckets

ADDRESS_FACTOR = 5
"""One address may stand for a family or a school: it gets this many times an account's tries."""
REFUSED = "Try refused: Backend.Creators.Auth/limit — too many tries, wait a moment."


def buckets_of(per_minute: int, kind: str, account: str, address_hash: str) -> TokenBuckets:
    """The two buckets of one kind of try: of the account it aims at, and of the address it comes from.

    A try is counted before the secret is looked at, so that many tries at once cannot slip through together.
    """
    limits = {
        f"{kind}:account:{hashlib.sha256(account.lower().encode()).hexdigest()[:40]}": per_minute,
        f"{kind}:address:{address_hash[:40]}": per_minute * ADDRESS_FACTOR,
    }
    return TokenBuckets(RATE_BUCKETS, limits, REFUSED)


@asynccontextmanager
async def limited(
    request: Request, kind: str, account: str, *, every_try: bool = False, device: Device | None = None
) -> AsyncIterator[None]:
    """Bound how often a secret of `account` is tried: 429 before the block when there were too many.

    Only a refusal (400) inside the block stays counted; with `every_try` a success does too, for what sends mail. The
    block must not hold a session of its own when it ends. `device` is whose address counts, where the request itself
    comes from another service.
    """
    state = identity_state(request.app)
    per_minute = state.settings.account_rate_per_minute
    if per_minute == 0:
        yield
        return
    buckets = buckets_of(per_minute, kind, account, (device or Device.of(request)).ip_hash)
    async with state.database.transaction() as db:
        await buckets.take(db)
    refused = False
    try:
        yield
    except ApiError as refusal:
        refused = refusal.status == 400
        raise
    finally:
        if not (refused or every_try):
            async with state.database.transaction() as db:
                await buckets.give_back(db)
