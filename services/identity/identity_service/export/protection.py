"""What protects an account, for its export: names and times, and nothing that opens it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import AppPassword, Authenticator, Passkey, RecoveryCode, SecurityEvent
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none


async def protection_data(db: AsyncSession, user_id: int) -> dict[str, object]:
    """Second factor, app passwords and security log of an account."""
    authenticator = await db.get(Authenticator, user_id)
    keys = await db.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
    codes = await db.scalars(select(RecoveryCode).where(RecoveryCode.user_id == user_id))
    passwords = await db.scalars(select(AppPassword).where(AppPassword.user_id == user_id).order_by(AppPassword.id))
    events = await db.scalars(select(SecurityEvent).where(SecurityEvent.user_id == user_id).order_by(SecurityEvent.id))
    return {
        "authenticator": _times(authenticator) if authenticator else None,
        "passkeys": [{"name": row.name, **_times(row)} for row in keys],
        "recovery_codes": [
            {"created_at": iso_offset(row.created_at), "used_at": iso_offset_or_none(row.used_at)} for row in codes
        ],
        "app_passwords": [
            {"name": row.name, **_times(row), "revoked_at": iso_offset_or_none(row.revoked_at)} for row in passwords
        ],
        "security_log": [
            {
                **{name: getattr(row, name) for name in ("kind", "method", "detail", "device_label", "network")},
                "at": iso_offset(row.at),
            }
            for row in events
        ],
    }


def _times(row: Authenticator | Passkey | AppPassword) -> dict[str, str | None]:
    return {"created_at": iso_offset(row.created_at), "last_used_at": iso_offset_or_none(row.last_used_at)}
