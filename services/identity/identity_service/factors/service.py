"""Whether an account asks for more than the password, and whether what is shown is enough."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import Authenticator, Passkey, Ticket
from identity_service.factors import authenticator, passkeys, recovery
from identity_service.factors.passkeys import Site
from identity_service.models import RATE_BUCKETS
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from identity_service.settings import IdentitySettings
from notechondria_shared.core.errors import FieldErrors, NonFieldError
from notechondria_shared.web.rate_limit import TokenBuckets, daily

AUTHENTICATOR, PASSKEY, RECOVERY_CODE = "authenticator", "passkey", "recovery code"
WRONG_CODE = "Not done: Backend.Auth/second_factor.code — the code is wrong, was used, or is not of now."
TOO_MANY = "Try refused: Backend.Auth/second_factor.limit — too many wrong codes today; use a passkey or recovery code."
SIGN_IN_ON_SITE = (
    "Sign-in refused: Backend.Creators.Auth/login.second_factor — this account asks for a second factor. Use an app "
    "password here; you make one at {base}/account/security/."
)
PROVIDER_ON_SITE = (
    "Sign-in refused: Backend.Creators.Auth/oauth.second_factor — this account asks for a second factor. Sign in at "
    "{base}/account/."
)


@dataclass(frozen=True, slots=True)
class Factors:
    """What an account has beside its password."""

    authenticator: bool
    passkeys: int

    @property
    def on(self) -> bool:
        """Whether it asks for a second factor."""
        return self.authenticator or self.passkeys > 0


class SecondFactorNeeded(Exception):
    """The first step is done; the session waits for the second one."""

    def __init__(self, user_id: int) -> None:
        super().__init__(user_id)
        self.user_id = user_id


async def of(db: AsyncSession, user_id: int) -> Factors:
    """What an account has."""
    has_authenticator = select(exists().where(Authenticator.user_id == user_id)).scalar_subquery()
    number = select(func.count()).where(Passkey.user_id == user_id).scalar_subquery()
    row = (await db.execute(select(has_authenticator, number))).one()
    return Factors(bool(row[0]), int(row[1] or 0))


async def remove_all(db: AsyncSession, user_id: int) -> None:
    """The account asks for its password alone: its owner has lost the rest."""
    await db.execute(delete(Authenticator).where(Authenticator.user_id == user_id))
    await db.execute(delete(Passkey).where(Passkey.user_id == user_id))
    await recovery.remove(db, user_id)


async def refuse_password_alone(db: AsyncSession, user_id: int, settings: IdentitySettings) -> None:
    """400 where the account asks for a second factor and there is no page to enter it."""
    if (await of(db, user_id)).on:
        raise NonFieldError(SIGN_IN_ON_SITE.format(base=settings.base_url))


async def check_code(db: AsyncSession, user_id: int, code: str, device: Device, settings: IdentitySettings) -> str:
    """Use up an authenticator's digits or a recovery code; how it was shown. 400 `code` keeps the count of wrong ones.

    A day's wrong digits are counted over all networks: whoever has the password has a million codes to try.
    """
    if len(recovery.plain(code)) == authenticator.DIGITS:
        bucket = _wrong_digits(user_id, settings)
        if bucket:
            # Counted before they are looked at, so that many tries at once cannot slip through together.
            await bucket.take(db)
        if await authenticator.consume(db, user_id, code):
            if bucket:
                await bucket.give_back(db)
            return AUTHENTICATOR
    elif await recovery.consume(db, user_id, code):
        await security_log.record(db, user_id, security_log.RECOVERY_CODE_USED, device)
        return RECOVERY_CODE
    raise FieldErrors(True, code=WRONG_CODE)


async def check(
    db: AsyncSession, ticket: Ticket, user_id: int, code: str, passkey: str, device: Device, settings: IdentitySettings
) -> str:
    """The second factor of an account by a passkey's answer to the ticket's challenge, or by a code; how it was shown.

    The ticket of a refusal counts the try, which the caller keeps (`commit_on_error`).
    """
    ticket.wrong_tries += 1
    if not passkey:
        return await check_code(db, user_id, code, device, settings)
    if await passkeys.owner_of(db, Site.of(settings), ticket.secret, passkey) != user_id:
        raise NonFieldError(passkeys.REFUSED, commit_on_error=True)
    return PASSKEY


def _wrong_digits(user_id: int, settings: IdentitySettings) -> TokenBuckets | None:
    per_day = settings.wrong_digits_per_day
    return TokenBuckets(RATE_BUCKETS, {daily(f"wrong-digits:{user_id}"): per_day}, TOO_MANY) if per_day else None
