"""Limits on guessing and on mail, counted over all replicas (decision 30, decision 44 and decision 45, ADR 0025).

Tries are counted per account and network, per account and per network. Only the entering of secrets is counted:
sessions and keys that are valid already are never looked at, so nobody can lock an owner out of a signed-in device. Nor
out of signing in: strangers use up the tries of their own networks, and those of the account for devices that it does
not know.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.limits.queries import KNOWN_DEVICE
from identity_service.models import RATE_BUCKETS
from identity_service.sessions.devices import Device
from identity_service.state import identity_state
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.rate_limit import TokenBuckets, daily

ADDRESS_FACTOR = 5
"""One address may stand for a family or a school: it gets this many times an account's tries."""
TOTAL_FACTOR = 10
"""Of all networks together an account takes this many times the tries of one."""
ACCOUNT_MAILS, ADDRESS_MAILS, SOURCE_MAILS = 20, 20, 100
"""Mails a day for one account, to one address, and asked for by one network."""
REFUSED = "Try refused: Backend.Creators.Auth/limit — too many tries, wait a moment."
NO_MORE_MAIL = "Code not sent: Backend.Creators.Auth/limit — too many mails today."


def _short(text: str) -> str:
    return hashlib.sha256(text.lower().encode()).hexdigest()[:40]


def buckets_of(per_minute: int, kind: str, account: str, ip_hash: str, *, known_device: bool) -> TokenBuckets:
    """The buckets of one kind of try: of the account and the network together, and of either.

    A device that the account knows is not stopped by the tries of all others. A try is counted before the secret is
    looked at, so that many tries at once cannot slip through together.
    """
    whose, source = _short(account), ip_hash[:40]
    limits = {
        f"{kind}:pair:{whose}:{source}": per_minute,
        f"{kind}:address:{source}": per_minute * ADDRESS_FACTOR,
    }
    if not known_device:
        limits[f"{kind}:account:{whose}"] = per_minute * TOTAL_FACTOR
    return TokenBuckets(RATE_BUCKETS, limits, REFUSED)


@asynccontextmanager
async def limited(
    request: Request,
    kind: str,
    account: str,
    *,
    user_id: int = 0,
    every_try: bool = False,
    device: Device | None = None,
) -> AsyncIterator[None]:
    """Bound how often a secret of `account` is tried: 429 before the block when there were too many.

    Only a refusal (400) inside the block stays counted; with `every_try` a success does too, for what sends mail. The
    block must not hold a session of its own when it ends. `user_id` is the account's where it is known: its devices are
    known by it. `device` is whose address counts, where the request itself comes from another service.
    """
    state = identity_state(request.app)
    per_minute = state.settings.account_rate_per_minute
    if per_minute == 0:
        yield
        return
    ip_hash = (device or Device.of(request)).ip_hash
    # Asked for nobody as well: the time it takes does not say whether there is such an account.
    known = await state.database.reader.value(KNOWN_DEVICE, user_id=user_id, ip_hash=ip_hash)
    buckets = buckets_of(per_minute, kind, account, ip_hash, known_device=bool(known))
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


async def count_mail(
    request: Request, db: AsyncSession, address: str, user_id: int = 0, device: Device | None = None
) -> None:
    """Count a mail that goes out when this transaction is committed; 429 when there were too many today.

    `device` is who asks for it, where the request itself comes from another service.
    """
    if identity_state(request.app).settings.account_rate_per_minute == 0:
        return
    limits = {
        daily(f"mail:address:{_short(address)}"): ADDRESS_MAILS,
        daily(f"mail:source:{(device or Device.of(request)).ip_hash[:40]}"): SOURCE_MAILS,
    }
    if user_id:
        limits[daily(f"mail:account:{user_id}")] = ACCOUNT_MAILS
    await TokenBuckets(RATE_BUCKETS, limits, NO_MORE_MAIL).take(db)
