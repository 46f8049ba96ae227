"""Six digits of an authenticator app (RFC 6238): a code counts once, and may be half a minute early or late."""

from __future__ import annotations

import hmac
import time

import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import Authenticator
from notechondria_shared.core.digits import plain_digits
from notechondria_shared.core.timestamps import now

STEP_SECONDS = 30
DRIFT = (-1, 0, 1)
ISSUER = "Notechondria"
DIGITS = 6


def new_secret() -> str:
    """160 random bits in base32, as the apps read them (RFC 4226 §4)."""
    return pyotp.random_base32()


def address(secret: str, username: str) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def step_of(secret: str, code: str, last_step: int) -> int | None:
    """The half minute whose digits these are, if it is near now and newer than the last one used."""
    digits = plain_digits(code)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    current, totp = int(time.time()) // STEP_SECONDS, pyotp.TOTP(secret)
    for step in (current + drift for drift in DRIFT):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            return step if step > last_step else None
    return None


async def consume(db: AsyncSession, user_id: int, code: str) -> bool:
    """Use the digits up; False when they are wrong, or were used before."""
    row = await db.get(Authenticator, user_id, with_for_update=True)
    step = step_of(row.secret, code, row.last_step) if row else None
    if row is None or step is None:
        return False
    row.last_step, row.last_used_at = step, now()
    return True


async def put(db: AsyncSession, user_id: int, secret: str, step: int) -> None:
    """The authenticator of an account from now on, in the place of another; `step`: the code that it was shown by."""
    row = await db.get(Authenticator, user_id, with_for_update=True)
    if row is None:
        db.add(Authenticator(user_id=user_id, secret=secret, last_step=step))
    else:
        row.secret, row.last_step, row.created_at, row.last_used_at = secret, step, now(), None
    await db.flush()
