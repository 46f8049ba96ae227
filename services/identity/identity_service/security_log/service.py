"""The security log of an account: written in the transaction of what happened, kept for 180 days."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import SecurityEvent
from identity_service.models import RATE_BUCKETS
from identity_service.sessions.devices import Device
from notechondria_shared.core.errors import TooManyRequests
from notechondria_shared.db import Database
from notechondria_shared.web.rate_limit import TokenBuckets, daily

SIGNED_IN, SIGN_IN_REFUSED = "signed_in", "sign_in_refused"
PASSWORD_CHANGED, ADDRESS_CHANGED = "password_changed", "address_changed"
FACTOR_ADDED, FACTOR_REMOVED, RECOVERY_CODES_MADE = "factor_added", "factor_removed", "recovery_codes_made"
RECOVERY_CODE_USED = "recovery_code_used"
APP_PASSWORD_MADE, APP_PASSWORD_REVOKED = "app_password_made", "app_password_revoked"
KEY_MADE, KEY_CHANGED, KEY_REVOKED = "key_made", "key_changed", "key_revoked"
PROVIDER_LINKED, PROVIDER_UNLINKED = "provider_linked", "provider_unlinked"
PROGRAM_CONNECTED, PROGRAM_DISCONNECTED = "program_connected", "program_disconnected"
PROGRAM_NARROWED = "program_narrowed"
EXPORTED, NOTICES_CHANGED = "exported", "notices_changed"
KINDS = (
    SIGNED_IN,
    SIGN_IN_REFUSED,
    PASSWORD_CHANGED,
    ADDRESS_CHANGED,
    FACTOR_ADDED,
    FACTOR_REMOVED,
    RECOVERY_CODES_MADE,
    RECOVERY_CODE_USED,
    APP_PASSWORD_MADE,
    APP_PASSWORD_REVOKED,
    KEY_MADE,
    KEY_CHANGED,
    KEY_REVOKED,
    PROVIDER_LINKED,
    PROVIDER_UNLINKED,
    PROGRAM_CONNECTED,
    PROGRAM_DISCONNECTED,
    PROGRAM_NARROWED,
    EXPORTED,
    NOTICES_CHANGED,
)
REFUSALS_A_DAY = 100
"""Refused sign-ins of one account that are written down; strangers do not fill its log."""
_DETAIL = 200


async def record(
    db: AsyncSession, user_id: int, kind: str, device: Device, *, method: str = "", detail: str = ""
) -> None:
    """Write down what happens in this transaction."""
    db.add(
        SecurityEvent(
            user_id=user_id,
            kind=kind,
            method=method,
            detail=detail[:_DETAIL],
            device_label=device.label,
            network=device.network,
        )
    )
    await db.flush()


async def record_refusal(database: Database, user_id: int, device: Device, method: str) -> None:
    """Write down that a sign-in was refused, in a transaction of its own: the request fails."""
    bucket = TokenBuckets(RATE_BUCKETS, {daily(f"refusals-logged:{user_id}"): REFUSALS_A_DAY}, "")
    try:
        async with database.transaction() as db:
            await bucket.take(db)
            await record(db, user_id, SIGN_IN_REFUSED, device, method=method)
    except TooManyRequests:
        return
