"""Password and second factor again, before what protects an account is changed."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.sign_in import verify_own_password
from identity_service.codes import service as codes
from identity_service.dependencies import State
from identity_service.factors import service as factors
from identity_service.factors import tickets
from identity_service.limits.service import count_mail, limited
from identity_service.mail.service import masked
from identity_service.models import Session, User
from identity_service.people.second_step import begin_step
from identity_service.people.visitor import ASKED_BY_WEB, site_device
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from identity_service.state import IdentityState
from notechondria_contracts.internal.people import (
    PEOPLE_PATH,
    Confirmation,
    ConfirmationRefusal,
    ConfirmStep,
    OwnAction,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import INVALID_TOKEN, ApiError, FieldErrors, NonFieldError, Unauthorized
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])
COUNTS = timedelta(minutes=10)
"""So long after `confirm` the session may change what protects the account."""
FRESH = timedelta(minutes=5)
WRONG_MAIL_CODE = "Not confirmed: Backend.Auth/confirm.mailed_code — the code is wrong, expired or already used."
SIGN_IN_AGAIN = "Not confirmed: Backend.Auth/confirm — sign out and in again with your provider, then repeat at once."
ENTER = "Enter your password and second factor first."


class ConfirmationNeeded(ApiError):
    """403 with a code: the person confirms, then goes on."""

    status = 403

    def __init__(self) -> None:
        super().__init__(ConfirmationRefusal(detail=ENTER, code="confirmation_needed").model_dump())


async def own_account(db: AsyncSession, user_id: int) -> User:
    """The account, locked."""
    user = await db.get(User, user_id, with_for_update=True)
    if user is None:
        raise Unauthorized(INVALID_TOKEN)
    return user


async def is_confirmed(db: AsyncSession, user_id: int, session_id: int) -> bool:
    """Whether the owner confirmed lately in this session, which is theirs and goes on."""
    session = await db.get(Session, session_id)
    if session is None or session.user_id != user_id or session.revoked_at is not None:
        return False
    return session.confirmed_at is not None and session.confirmed_at > now() - COUNTS


async def confirmed_account(db: AsyncSession, user_id: int, form: OwnAction) -> User:
    """The account, locked, of who confirmed lately; `ConfirmationNeeded` otherwise."""
    user = await own_account(db, user_id)
    if not await is_confirmed(db, user_id, form.session_id):
        raise ConfirmationNeeded
    return user


@router.post("/confirm/begin")
async def begin(state: State, caller: WithSession) -> ConfirmStep:
    """What is asked for."""
    return await _begin(state, caller.user_id)


@router.post("/confirm/mail")
async def mail(request: Request, state: State, caller: WithSession, form: OwnAction) -> ConfirmStep:
    """Mail a code to the proved address of an account without a password."""
    device, own = site_device(form), f"user {caller.user_id}"
    limits = limited(request, "identity-code", own, user_id=caller.user_id, every_try=True, device=device)
    async with limits, state.database.transaction() as db:
        user = await own_account(db, caller.user_id)
        if user.password_hash or not user.verified_email:
            raise NonFieldError(SIGN_IN_AGAIN)
        address = user.verified_email
        digits = await codes.issue(db, codes.IDENTITY, str(user.id), user.id)
        await count_mail(request, db, address, user.id, device)
    await state.mailer.send_code(codes.IDENTITY, address, digits)
    return await _begin(state, caller.user_id)


async def _begin(state: IdentityState, user_id: int) -> ConfirmStep:
    async with state.database.transaction() as db:
        user = await own_account(db, user_id)
        step = await begin_step(db, state.settings, user, kind=tickets.CONFIRM)
        mailed_to = masked(user.verified_email) if user.verified_email and not user.password_hash else ""
        return ConfirmStep(has_password=bool(user.password_hash), mailed_to=mailed_to, step=step)


@router.post("/confirm", status_code=204)
async def confirm(request: Request, state: State, caller: WithSession, form: Confirmation) -> None:
    """The session may change what protects the account for ten minutes; 400 by field and 429."""
    device = site_device(form)
    await _first_factor(request, state, caller.user_id, form, device)
    try:
        async with state.database.transaction() as db:
            user = await own_account(db, caller.user_id)
            if (await factors.of(db, user.id)).on:
                ticket = await tickets.load(db, tickets.CONFIRM, form.ticket, user.id)
                await factors.check(db, ticket, user.id, form.code, form.passkey, device, state.settings)
                await db.delete(ticket)
            session = await db.get(Session, form.session_id, with_for_update=True)
            if session is None or session.user_id != user.id or session.revoked_at is not None:
                raise Unauthorized(INVALID_TOKEN)
            session.confirmed_at = now()
    except (FieldErrors, NonFieldError):
        await security_log.record_refusal(state.database, caller.user_id, device, "second factor")
        raise


async def _first_factor(
    request: Request, state: IdentityState, user_id: int, form: Confirmation, device: Device
) -> None:
    async with state.database.transaction() as db:
        user = await own_account(db, user_id)
        session = await db.get(Session, form.session_id)
    if user.password_hash:
        await verify_own_password(request, user_id, form.password, device)
    elif user.verified_email:
        limits = limited(request, "identity-code", f"user {user_id}", user_id=user_id, device=device)
        async with limits, state.database.transaction() as db:
            per_day = state.settings.code_failures_per_day
            if not await codes.consume(db, codes.IDENTITY, str(user_id), form.mailed_code, failures_per_day=per_day):
                raise FieldErrors(True, mailed_code=WRONG_MAIL_CODE)
    elif session is None or session.created_at < now() - FRESH:
        raise NonFieldError(SIGN_IN_AGAIN)
