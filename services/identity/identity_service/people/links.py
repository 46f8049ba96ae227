"""Other ways to sign in, on the pages: linking an account with Google or GitHub, and ending that (identity §10.4)."""

from __future__ import annotations

from fastapi import Request
from sqlalchemy import func, select

from identity_service.dependencies import State
from identity_service.models import SocialAccount
from identity_service.oauth import service, signing_in
from identity_service.people.confirming import confirmed_account, own_account
from identity_service.people.visitor import ASKED_BY_WEB, site_device
from identity_service.providers import Profile
from identity_service.security_log import service as security_log
from notechondria_contracts.internal.own_profile import LINKS_PATH, ProviderLink
from notechondria_contracts.internal.people import OwnAction
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import NonFieldError
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.router import Router

router = Router(prefix=LINKS_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])
LAST_WAY = "Set a password first: this is the only way in that your account has."


@router.post("", status_code=204)
async def link(request: Request, state: State, caller: WithSession, form: ProviderLink) -> None:
    """Link the account that a provider names, after password and factor were entered; 409 when somebody has it."""
    async with state.database.transaction() as db:
        await confirmed_account(db, caller.user_id, form)
    known = await signing_in.profile_of(request, form.provider, form.code, "", form.redirect_uri)

    async def attempt() -> None:
        await _link(state, caller.user_id, form, known)

    await signing_in.settled(attempt)


async def _link(state: State, user_id: int, form: ProviderLink, known: Profile) -> None:
    async with state.database.transaction() as db:
        user = await confirmed_account(db, user_id, form)
        await service.bind(db, user.id, known)
        device = site_device(form)
        await security_log.record(db, user.id, security_log.PROVIDER_LINKED, device, detail=known.provider)


@router.post("/{provider}/unlink", status_code=204)
async def unlink(caller: WithSession, provider: str, form: OwnAction, db: WriteSession) -> None:
    """It signs nobody in any more; 404 when it is not linked, 400 when it is the only way in."""
    user = await own_account(db, caller.user_id)
    links = await db.scalar(select(func.count()).where(SocialAccount.user_id == user.id)) or 0
    if links == 1 and not user.password_hash:
        raise NonFieldError(LAST_WAY)
    await service.unlink(db, user.id, provider)
    await security_log.record(db, user.id, security_log.PROVIDER_UNLINKED, site_device(form), detail=provider)
