"""Passkeys (WebAuthn): a device or password manager signs a challenge, after it has seen that its owner is there.

`webauthn_protocol` is imported where it is needed: its library takes a third of a second and 8 MiB to load, and whoever
has no passkey does not pay for it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import Passkey
from identity_service.origins import origin_of
from identity_service.settings import IdentitySettings
from notechondria_shared.core.errors import NonFieldError
from notechondria_shared.core.timestamps import now
from notechondria_shared.core.web_addresses import urlsplit

MOST = 20
"""Passkeys of an account."""
NAME = "Notechondria"
REFUSED = "Not done: Backend.Auth/second_factor.passkey — this passkey did not fit; try again, or another way."
TOO_MANY = f"Passkey not added: Backend.Auth/second_factor.passkey — {MOST} are the limit."
_CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Site:
    """What passkeys are bound to: the host name, and the origin of the pages (WebAuthn, relying party)."""

    host: str
    origin: str

    @classmethod
    def of(cls, settings: IdentitySettings) -> Site:
        """That of this deployment."""
        return cls(urlsplit(settings.public_base_url).hostname or "localhost", origin_of(settings.public_base_url))


def new_challenge() -> str:
    """32 random bytes, in base64url."""
    return secrets.token_urlsafe(_CHALLENGE_BYTES)


async def registration_options(db: AsyncSession, site: Site, user_id: int, username: str, challenge: str) -> str:
    """What the browser is asked for a new passkey, as JSON; a device that has one already offers none."""
    known = await db.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id))
    from identity_service.factors import webauthn_protocol  # noqa: PLC0415 - see above

    return webauthn_protocol.registration_options(site.host, NAME, f"user {user_id}", username, challenge, list(known))


async def sign_in_options(db: AsyncSession, site: Site, user_id: int | None, challenge: str) -> str:
    """What the browser is asked for a passkey that is there, as JSON; without an account, for any of this site."""
    own = await db.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id)) if user_id else ()
    from identity_service.factors import webauthn_protocol  # noqa: PLC0415 - see above

    return webauthn_protocol.sign_in_options(site.host, challenge, list(own))


async def add(db: AsyncSession, site: Site, user_id: int, challenge: str, answer: str, name: str) -> None:
    """Keep a new passkey; 400 when the answer is not one to this challenge, or the key is known."""
    from identity_service.factors import webauthn_protocol  # noqa: PLC0415 - see above

    made = webauthn_protocol.read_registration(answer, challenge, site.host, site.origin)
    if made is None:
        raise NonFieldError(REFUSED)
    if (await db.scalar(select(func.count()).where(Passkey.user_id == user_id)) or 0) >= MOST:
        raise NonFieldError(TOO_MANY)
    known = select(Passkey.id).where(Passkey.credential_id == made.credential_id)
    if await db.scalar(known) is not None:
        raise NonFieldError(REFUSED)
    db.add(
        Passkey(
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=name,
        )
    )
    await db.flush()


async def owner_of(db: AsyncSession, site: Site, challenge: str, answer: str) -> int | None:
    """Whose passkey signed the challenge; None for an unknown key, a wrong signature, or a copy of the key."""
    from identity_service.factors import webauthn_protocol  # noqa: PLC0415 - see above

    credential_id = webauthn_protocol.credential_id_of(answer)
    if credential_id is None:
        return None
    row = await db.scalar(select(Passkey).where(Passkey.credential_id == credential_id).with_for_update())
    if row is None:
        return None
    count = webauthn_protocol.read_sign_in(answer, challenge, site.host, site.origin, row.public_key, row.sign_count)
    if count is None:
        return None
    row.sign_count, row.last_used_at = count, now()
    return row.user_id
