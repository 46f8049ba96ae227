"""Mails to owners about what happened to their account (decision 44)."""

from __future__ import annotations

from fastapi import BackgroundTasks
from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.mail.service import ALWAYS
from identity_service.models import RATE_BUCKETS, User
from identity_service.sessions.devices import Device
from identity_service.state import IdentityState
from notechondria_shared.core.errors import TooManyRequests
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import prepare_scalar
from notechondria_shared.web.rate_limit import TokenBuckets, daily

NEW_DEVICES_ONLY = prepare_scalar(
    select(User.new_devices_only).where(User.id == bindparam("user_id", type_=BigInteger)), bool
)
A_DAY = 20
"""Notices to one account. Counted apart from codes: whoever uses those up cannot silence the notices."""


def notify(
    tasks: BackgroundTasks,
    state: IdentityState,
    kind: str,
    *,
    user_id: int,
    address: str,
    name: str,
    device: Device,
) -> None:
    """Mail the owner of an account once the answer is on its way; nothing where the account has no proved address.

    To be called after the commit. The request does not wait for the mail, nor fail with it.
    """
    if address:
        at = now()

        async def send() -> None:
            if await _is_asked_for(state, user_id, kind) and await _left(state, user_id):
                await state.mailer.send_notice(kind, address, name, device.label, at)

        tasks.add_task(send)


def notify_owner(tasks: BackgroundTasks, state: IdentityState, kind: str, user: User, device: Device) -> None:
    """As `notify`, at the proved address that the account has now."""
    notify(tasks, state, kind, user_id=user.id, address=user.verified_email, name=user.username, device=device)


async def notify_account(
    tasks: BackgroundTasks, state: IdentityState, db: AsyncSession, kind: str, user_id: int, device: Device
) -> None:
    """As `notify`, within the transaction of what happened: the mail goes once that is committed."""
    user = await db.get(User, user_id)
    if user is not None:
        notify_owner(tasks, state, kind, user, device)


async def _is_asked_for(state: IdentityState, user_id: int, kind: str) -> bool:
    """Whether the owner gets this mail: some nobody can switch off, the others whoever did not."""
    return kind in ALWAYS or await state.database.reader.value(NEW_DEVICES_ONLY, user_id=user_id) is False


async def _left(state: IdentityState, user_id: int) -> bool:
    if state.settings.account_rate_per_minute == 0:
        return True
    try:
        async with state.database.transaction() as db:
            await TokenBuckets(RATE_BUCKETS, {daily(f"notice:{user_id}"): A_DAY}, "").take(db)
    except TooManyRequests:
        return False
    return True
