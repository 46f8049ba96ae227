"""Passkeys (WebAuthn): a device or password manager signs a challenge, after it has seen that its owner is there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from identity_service.account_models import Passkey
from identity_service.origins import origin_of
from identity_service.settings import IdentitySettings
from notechondria_shared.core.errors import NonFieldError
from notechondria_shared.core.timestamps import now

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
    return bytes_to_base64url(secrets.token_bytes(_CHALLENGE_BYTES))


async def registration_options(db: AsyncSession, site: Site, user_id: int, username: str, challenge: str) -> str:
    """What the browser is asked for a new passkey, as JSON; a device that has one already offers none."""
    known = await db.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id))
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=NAME,
        user_id=f"user {user_id}".encode(),
        user_name=username,
        challenge=base64url_to_bytes(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return webauthn.options_to_json(options)


async def sign_in_options(db: AsyncSession, site: Site, user_id: int | None, challenge: str) -> str:
    """What the browser is asked for a passkey that is there, as JSON; without an account, for any of this site."""
    own = await db.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id)) if user_id else ()
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=base64url_to_bytes(challenge),
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in own],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


async def add(db: AsyncSession, site: Site, user_id: int, challenge: str, answer: str, name: str) -> None:
    """Keep a new passkey; 400 when the answer is not one to this challenge, or the key is known."""
    try:
        verified = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise NonFieldError(REFUSED) from None
    if (await db.scalar(select(func.count()).where(Passkey.user_id == user_id)) or 0) >= MOST:
        raise NonFieldError(TOO_MANY)
    known = select(Passkey.id).where(Passkey.credential_id == verified.credential_id)
    if await db.scalar(known) is not None:
        raise NonFieldError(REFUSED)
    db.add(
        Passkey(
            user_id=user_id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=name,
        )
    )
    await db.flush()


async def owner_of(db: AsyncSession, site: Site, challenge: str, answer: str) -> int | None:
    """Whose passkey signed the challenge; None for an unknown key, a wrong signature, or a copy of the key."""
    try:
        credential = parse_authentication_credential_json(answer)
        row = await db.scalar(select(Passkey).where(Passkey.credential_id == credential.raw_id).with_for_update())
        if row is None:
            return None
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    row.sign_count, row.last_used_at = verified.new_sign_count, now()
    return row.user_id
