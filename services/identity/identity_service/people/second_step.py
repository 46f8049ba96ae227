"""The second step of signing in on the site, and signing in with a passkey alone."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import Ticket
from identity_service.dependencies import State
from identity_service.factors import passkeys, tickets
from identity_service.factors import service as factors
from identity_service.factors.passkeys import Site
from identity_service.limits.service import limited
from identity_service.models import ACTIVE, User
from identity_service.people.visitor import ASKED_BY_WEB, outcome_of, site_device
from identity_service.security_log import service as security_log
from identity_service.settings import IdentitySettings
from identity_service.sign_ins import service as sign_ins
from notechondria_contracts.internal.people import (
    PEOPLE_PATH,
    PasskeyAnswer,
    PasskeyBegun,
    SecondStep,
    SignInOutcome,
    StepAnswer,
    StepTicket,
    Visitor,
)
from notechondria_shared.core.errors import FieldErrors, NonFieldError
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])


async def begin_step(
    db: AsyncSession, settings: IdentitySettings, user: User, *, kind: str = tickets.SECOND_STEP, provider: str = ""
) -> SecondStep | None:
    """What an account asks for beside what was shown; None where that is enough."""
    has = await factors.of(db, user.id)
    if not has.on:
        return None
    challenge = passkeys.new_challenge()
    ticket = await tickets.issue(
        db, kind, user.id, secret=challenge, provider=provider, password_hash=user.password_hash
    )
    return await _described(db, settings, user.id, ticket, challenge)


async def _described(
    db: AsyncSession, settings: IdentitySettings, user_id: int, ticket: str, challenge: str
) -> SecondStep:
    has = await factors.of(db, user_id)
    options = await passkeys.sign_in_options(db, Site.of(settings), user_id, challenge) if has.passkeys else ""
    return SecondStep(ticket=ticket, authenticator=has.authenticator, passkey_options=options)


@router.post("/step")
async def step(state: State, form: StepTicket) -> SecondStep:
    """The second step again, to show its form once more."""
    async with state.database.transaction() as db:
        ticket = await tickets.load(db, tickets.SECOND_STEP, form.ticket)
        if ticket.user_id is None:
            raise NonFieldError(tickets.TOO_OLD)
        return await _described(db, state.settings, ticket.user_id, form.ticket, ticket.secret)


async def _under_way(db: AsyncSession, user_id: int | None, sent: str) -> tuple[User, Ticket]:
    """The account and its ticket, locked; 400 when the account was shut, or its password changed meanwhile."""
    user = await db.get(User, user_id, with_for_update=True) if user_id else None
    ticket = await tickets.load(db, tickets.SECOND_STEP, sent)
    if user is None or user.status != ACTIVE or user.password_hash != ticket.password_hash:
        raise NonFieldError(tickets.TOO_OLD)
    return user, ticket


@router.post("/second-step")
async def second_step(request: Request, state: State, form: StepAnswer, tasks: BackgroundTasks) -> SignInOutcome:
    """A session for who shows the second factor; a wrong one counts, and the fifth ends the ticket."""
    device, settings = site_device(form), state.settings
    async with state.database.transaction() as db:
        user_id = (await tickets.load(db, tickets.SECOND_STEP, form.ticket)).user_id
    async with limited(request, "second-step", f"user {user_id}", user_id=user_id or 0, device=device):
        try:
            async with state.database.transaction() as db:
                user, ticket = await _under_way(db, user_id, form.ticket)
                how = await factors.check(db, ticket, user.id, form.code, form.passkey, device, settings)
                await db.delete(ticket)
                first = ticket.provider or sign_ins.PASSWORD
                started = await sign_ins.start(db, user.id, device, method=f"{first}, {how}", provider=ticket.provider)
        except (FieldErrors, NonFieldError):
            if user_id is not None:
                await security_log.record_refusal(state.database, user_id, device, "second factor")
            raise
    sign_ins.announce(tasks, state, user, device, started)
    return outcome_of(started)


@router.post("/passkey")
async def begin_passkey(request: Request, state: State, form: Visitor) -> PasskeyBegun:
    """A challenge for whichever passkey the browser has of this site; limited by network."""
    device = site_device(form)
    async with (
        limited(request, "passkey", device.ip_hash, every_try=True, device=device),
        state.database.transaction() as db,
    ):
        challenge = passkeys.new_challenge()
        ticket = await tickets.issue(db, tickets.PASSKEY_SIGN_IN, None, secret=challenge)
        options = await passkeys.sign_in_options(db, Site.of(state.settings), None, challenge)
    return PasskeyBegun(ticket=ticket, options=options)


@router.post("/passkey/finish")
async def finish_passkey(state: State, form: PasskeyAnswer, tasks: BackgroundTasks) -> SignInOutcome:
    """A session for a passkey: the device has seen its owner, so it stands for both factors."""
    device = site_device(form)
    async with state.database.transaction() as db:
        ticket = await tickets.load(db, tickets.PASSKEY_SIGN_IN, form.ticket)
        challenge = ticket.secret
        # One answer to one challenge, right or wrong.
        await db.delete(ticket)
    async with state.database.transaction() as db:
        owner = await passkeys.owner_of(db, Site.of(state.settings), challenge, form.answer)
        user = await db.get(User, owner, with_for_update=True) if owner else None
        if user is None or user.status != ACTIVE:
            raise NonFieldError(passkeys.REFUSED)
        started = await sign_ins.start(db, user.id, device, method=sign_ins.PASSKEY)
    sign_ins.announce(tasks, state, user, device, started)
    return outcome_of(started)
