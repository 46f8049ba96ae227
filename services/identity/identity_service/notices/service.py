"""Mails to owners about what happened to their account (decision 44)."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.models import RATE_BUCKETS
from identity_service.sessions.devices import Device
from identity_service.state import IdentityState
from notechondria_shared.core.errors import TooManyRequests
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.rate_limit import TokenBuckets, daily

A_DAY = 20
"""Notices to one account. Counted apart from codes: whoever uses those up cannot silence the notices."""


def notify(
    tasks: BackgroundTasks, request: Request, state: IdentityState, kind: str, *, user_id: int, address: str, name: str
) -> None:
    """Mail the owner of an account once the answer is on its way; nothing where the account has no proved address.

    To be called after the commit. The request does not wait for the mail, nor fail with it.
    """
    if address:
        device, at = Device.of(request).label, now()

        async def send() -> None:
            if await _left(state, user_id):
                await state.mailer.send_notice(kind, address, name, device, at)

        tasks.add_task(send)


async def _left(state: IdentityState, user_id: int) -> bool:
    if state.settings.account_rate_per_minute == 0:
        return True
    try:
        async with state.database.transaction() as db:
            await TokenBuckets(RATE_BUCKETS, {daily(f"notice:{user_id}"): A_DAY}, "").take(db)
    except TooManyRequests:
        return False
    return True
