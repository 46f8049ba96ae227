"""Which account a provider's profile belongs to (identity §10.3), and the links between them (§10.4)."""

from __future__ import annotations

import itertools

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.service import by_name
from identity_service.addresses.service import by_address, prove
from identity_service.events import publish
from identity_service.invitations import service as invitations
from identity_service.models import ACTIVE, DISABLED, SocialAccount, User
from identity_service.names import service as names
from identity_service.providers import Profile
from identity_service.registrations import service as registrations
from identity_service.settings import IdentitySettings
from notechondria_contracts.events.identity import UserActivated
from notechondria_shared.core.errors import ApiError, BadRequest, Conflict, NotFound
from notechondria_shared.core.timestamps import now

TAG = "Backend.Creators.Auth/oauth"
NOT_REGISTERED = f"No account found: {TAG}.login — nobody here is linked to this sign-in; register first."
SHUT = f"Sign-in refused: {TAG}.login — this account was disabled by an administrator."
MOST_SUFFIXES = 10_000


async def resolve(
    db: AsyncSession, profile: Profile, *, intent: str, invitation: str, ip_hash: str, settings: IdentitySettings
) -> User:
    """The account of a profile, by the four rules of identity §10.3; made when the intent is to register.

    An account is found by an address that it proved; one that only claims it loses the claim (decision 43). `ip_hash`
    says which registration of the address is theirs, if there are several.
    """
    link = await db.scalar(
        select(SocialAccount)
        .where(SocialAccount.provider == profile.provider, SocialAccount.provider_uid == profile.uid)
        .with_for_update()
    )
    if link is not None:
        user = await db.get(User, link.user_id, with_for_update=True)
        if user is not None:
            link.extra, link.email = profile.extra, profile.email or link.email
            return _not_disabled(user)
    user = await by_address(db, profile.email)
    if user is None:
        user = await _create(db, profile, intent, invitation, ip_hash, settings)
    else:
        _not_disabled(user)
    await put_link(db, user.id, profile)
    return user


def _not_disabled(user: User) -> User:
    if user.status == DISABLED:
        raise BadRequest(SHUT)
    return user


async def _create(
    db: AsyncSession, profile: Profile, intent: str, invitation: str, ip_hash: str, settings: IdentitySettings
) -> User:
    """An account without a password. A registration that waits for the address gives it its name, and was invited;
    its password and its code are void: they were set before the address was proved (decision 25)."""
    waiting = await registrations.newest(db, profile.email, ip_hash, settings.registration_life)
    if waiting is None:
        if intent == "login":
            raise ApiError({"detail": NOT_REGISTERED, "code": "not_registered"}, status=404)
        registration = settings.registration
        asked = await invitations.required(db, registration)
        if asked and not (invitation and await invitations.consume(db, invitation, registration)):
            text = f"Registration refused: {TAG}.register.validate_invitation_code — a valid invitation is needed."
            if registration == invitations.CLOSED:
                text = invitations.CLOSED_TEXT
            raise ApiError({"invitation_code": text}, status=400)
    first, _, last = profile.name.partition(" ")
    user = User(
        username=await _free_name(db, profile, waiting.username if waiting else ""),
        email=profile.email,
        status=ACTIVE,
        first_name=first[:30],
        last_name=last.strip()[:150],
        api_base_url=settings.default_api_base_url,
    )
    db.add(user)
    await db.flush()
    if profile.email:
        await prove(db, user, profile.email)
        await db.flush()
    await publish(db, user.event(UserActivated))
    return user


async def _free_name(db: AsyncSession, profile: Profile, registered: str) -> str:
    """The name of the registration, the profile's name, or that with `_1`, `_2`, ... (identity §10.3, decision 46)."""
    base = names.cleaned(profile.username)[:140] or f"{profile.provider}_{profile.uid or 'user'}"[:140]
    numbered = (f"{base}_{number}" for number in range(1, MOST_SUFFIXES))
    for candidate in itertools.chain([registered] if registered else [], [base], numbered):
        if await by_name(db, candidate) is None and await names.problem_of(db, candidate) is None:
            return candidate
    raise BadRequest(f"Registration refused: {TAG}.register — no user name is free.")


async def put_link(db: AsyncSession, user_id: int, profile: Profile) -> None:
    """Link the profile; an older link of the account to the same provider is replaced."""
    values = {
        "provider_uid": profile.uid,
        "email": profile.email,
        "extra": profile.extra,
        "created_at": now(),
    }
    await db.execute(
        upsert(SocialAccount)
        .values(user_id=user_id, provider=profile.provider, **values)
        .on_conflict_do_update(constraint="uq_social_accounts_user_id_provider", set_=values)
    )


async def bind(db: AsyncSession, user_id: int, profile: Profile) -> tuple[SocialAccount, bool]:
    """Link a profile to the caller (identity §10.4); (link, whether it is new). 409 when somebody else has it."""
    taken = await db.scalar(
        select(SocialAccount.user_id).where(
            SocialAccount.provider == profile.provider, SocialAccount.provider_uid == profile.uid
        )
    )
    if taken is not None and taken != user_id:
        tag = f"Backend.Creators.Auth/bind.{profile.provider}.db_write"
        raise Conflict(f"Not linked: {tag} — this sign-in belongs to another account.")
    own = select(SocialAccount).where(SocialAccount.user_id == user_id, SocialAccount.provider == profile.provider)
    existed = await db.scalar(own) is not None
    await put_link(db, user_id, profile)
    link = (await db.scalars(own.execution_options(populate_existing=True))).one()
    return link, not existed


async def unlink(db: AsyncSession, user_id: int, provider: str) -> None:
    """Remove the caller's link to a provider; 404 when there is none."""
    removed = await db.scalars(
        delete(SocialAccount)
        .where(SocialAccount.user_id == user_id, SocialAccount.provider == provider)
        .returning(SocialAccount.id)
    )
    if removed.first() is None:
        raise NotFound("This provider is not linked.")
