"""What a signed-in person changes of what protects the account: second factor, app passwords, mails; and the log."""

from __future__ import annotations

from typing import Annotated

from fastapi import BackgroundTasks, Query
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.account_models import AppPassword, Authenticator, Passkey, SecurityEvent
from identity_service.app_passwords import service as app_passwords
from identity_service.dependencies import State
from identity_service.factors import authenticator, passkeys, recovery, tickets
from identity_service.factors import service as factors
from identity_service.factors.passkeys import Site
from identity_service.mail.service import FACTOR_CHANGED, KEY_MADE
from identity_service.models import User
from identity_service.notices.service import notify_owner
from identity_service.people.confirming import confirmed_account, is_confirmed, own_account
from identity_service.people.visitor import ASKED_BY_WEB, site_device
from identity_service.security_log import service as security_log
from notechondria_contracts.fields import Text
from notechondria_contracts.internal.people import (
    PEOPLE_PATH,
    AppPasswordMade,
    AuthenticatorBegun,
    AuthenticatorCode,
    NamedThing,
    NewPasskey,
    NoticeChoice,
    OwnAction,
    OwnAppPassword,
    OwnPasskey,
    OwnSession,
    PasskeyBegun,
    RecoveryCodes,
    SecurityEventRow,
    SecurityLogPage,
    SecurityOverview,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import FieldErrors, NotFound
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none
from notechondria_shared.web.body import SmallBody, validate
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])
LOG_PAGE = 50
Before = Annotated[int, Query(ge=0, description="Lines older than the one with this id; 0: the newest.")]


class Name(SmallBody):
    """What a passkey or an app password is called."""

    name: Annotated[str, Text(max_length=120)]


def _thing(row: Passkey | AppPassword) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "created_at": iso_offset(row.created_at),
        "last_used_at": iso_offset_or_none(row.last_used_at),
    }


@router.post("/security")
async def overview(caller: WithSession, form: OwnSession, db: WriteSession) -> SecurityOverview:
    """What protects the account."""
    user = await own_account(db, caller.user_id)
    keys = await db.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id))
    return SecurityOverview(
        confirmed=await is_confirmed(db, user.id, form.session_id),
        authenticator=(await factors.of(db, user.id)).authenticator,
        passkeys=[OwnPasskey.model_validate(_thing(row)) for row in keys],
        recovery_codes_left=await recovery.left(db, user.id),
        app_passwords=[OwnAppPassword.model_validate(_thing(row)) for row in await app_passwords.listed(db, user.id)],
        new_devices_only=user.new_devices_only,
    )


@router.get("/log")
async def log(caller: WithSession, db: WriteSession, before: Before = 0) -> SecurityLogPage:
    """The account's own lines, newest first."""
    own = select(SecurityEvent).where(SecurityEvent.user_id == caller.user_id)
    if before:
        own = own.where(SecurityEvent.id < before)
    rows = (await db.scalars(own.order_by(SecurityEvent.id.desc()).limit(LOG_PAGE + 1))).all()
    columns = ("id", "kind", "method", "detail", "device_label", "network")
    events = [
        SecurityEventRow(**{name: getattr(row, name) for name in columns}, at=iso_offset(row.at))
        for row in rows[:LOG_PAGE]
    ]
    return SecurityLogPage(events=events, more=len(rows) > LOG_PAGE)


@router.post("/authenticator/begin")
async def begin_authenticator(caller: WithSession, form: OwnAction, db: WriteSession) -> AuthenticatorBegun:
    """A secret, which counts once its first digits are shown."""
    user = await confirmed_account(db, caller.user_id, form)
    secret = authenticator.new_secret()
    ticket = await tickets.issue(db, tickets.NEW_AUTHENTICATOR, user.id, secret=secret)
    return AuthenticatorBegun(ticket=ticket, secret=secret, address=authenticator.address(secret, user.username))


@router.post("/authenticator/finish")
async def finish_authenticator(
    state: State, caller: WithSession, form: AuthenticatorCode, tasks: BackgroundTasks
) -> RecoveryCodes:
    """The authenticator counts; another one before it does not any more."""
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        ticket = await tickets.load(db, tickets.NEW_AUTHENTICATOR, form.ticket, user.id)
        ticket.wrong_tries += 1
        step = authenticator.step_of(ticket.secret, form.code, 0)
        if step is None:
            raise FieldErrors(True, code=factors.WRONG_CODE)
        codes = await _first_codes(db, user.id)
        await authenticator.put(db, user.id, ticket.secret, step)
        await db.delete(ticket)
        await _changed(db, user, security_log.FACTOR_ADDED, form, factors.AUTHENTICATOR)
    notify_owner(tasks, state, FACTOR_CHANGED, user, site_device(form))
    return RecoveryCodes(codes=codes)


@router.post("/authenticator/remove", status_code=204)
async def remove_authenticator(state: State, caller: WithSession, form: OwnAction, tasks: BackgroundTasks) -> None:
    """It does not count any more; 404 when there is none."""
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        row = await db.get(Authenticator, user.id)
        if row is None:
            raise NotFound
        await db.delete(row)
        await db.flush()
        await _without_factor(db, user.id)
        await _changed(db, user, security_log.FACTOR_REMOVED, form, factors.AUTHENTICATOR)
    notify_owner(tasks, state, FACTOR_CHANGED, user, site_device(form))


@router.post("/passkeys/begin")
async def begin_new_passkey(state: State, caller: WithSession, form: OwnAction, db: WriteSession) -> PasskeyBegun:
    """A challenge for a new passkey."""
    user = await confirmed_account(db, caller.user_id, form)
    challenge = passkeys.new_challenge()
    ticket = await tickets.issue(db, tickets.NEW_PASSKEY, user.id, secret=challenge)
    site = Site.of(state.settings)
    options = await passkeys.registration_options(db, site, user.id, user.username, challenge)
    return PasskeyBegun(ticket=ticket, options=options)


@router.post("/passkeys/finish")
async def finish_new_passkey(
    state: State, caller: WithSession, form: NewPasskey, tasks: BackgroundTasks
) -> RecoveryCodes:
    """The passkey counts from now on."""
    name = validate(Name, {"name": form.name}).name
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        ticket = await tickets.load(db, tickets.NEW_PASSKEY, form.ticket, user.id)
        codes = await _first_codes(db, user.id)
        await passkeys.add(db, Site.of(state.settings), user.id, ticket.secret, form.answer, name)
        await db.delete(ticket)
        await _changed(db, user, security_log.FACTOR_ADDED, form, f"{factors.PASSKEY}: {name}")
    notify_owner(tasks, state, FACTOR_CHANGED, user, site_device(form))
    return RecoveryCodes(codes=codes)


@router.post("/passkeys/{passkey_id:id}/remove", status_code=204)
async def remove_passkey(
    state: State, caller: WithSession, passkey_id: int, form: OwnAction, tasks: BackgroundTasks
) -> None:
    """It does not count any more; 404 when it is somebody else's."""
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        name = await db.scalar(
            delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user.id).returning(Passkey.name)
        )
        if name is None:
            raise NotFound
        await _without_factor(db, user.id)
        await _changed(db, user, security_log.FACTOR_REMOVED, form, f"{factors.PASSKEY}: {name}")
    notify_owner(tasks, state, FACTOR_CHANGED, user, site_device(form))


@router.post("/recovery-codes")
async def new_recovery_codes(
    state: State, caller: WithSession, form: OwnAction, tasks: BackgroundTasks
) -> RecoveryCodes:
    """Ten new codes; 404 where there is no second factor to recover."""
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        if not (await factors.of(db, user.id)).on:
            raise NotFound
        codes = await recovery.make(db, user.id)
        await _changed(db, user, security_log.RECOVERY_CODES_MADE, form)
    notify_owner(tasks, state, FACTOR_CHANGED, user, site_device(form))
    return RecoveryCodes(codes=codes)


@router.post("/app-passwords")
async def make_app_password(
    state: State, caller: WithSession, form: NamedThing, tasks: BackgroundTasks
) -> AppPasswordMade:
    """A new one, shown this once."""
    name = validate(Name, {"name": form.name}).name
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        password = await app_passwords.make(db, user.id, name)
        await _changed(db, user, security_log.APP_PASSWORD_MADE, form, name)
    notify_owner(tasks, state, KEY_MADE, user, site_device(form))
    return AppPasswordMade(password=password)


@router.post("/app-passwords/{password_id:id}/revoke", status_code=204)
async def revoke_app_password(caller: WithSession, password_id: int, form: OwnAction, db: WriteSession) -> None:
    """It ends, with the sessions that it made. Nothing is asked for: ending something must be easy."""
    user = await own_account(db, caller.user_id)
    name = await app_passwords.revoke(db, user.id, password_id)
    await _changed(db, user, security_log.APP_PASSWORD_REVOKED, form, name)


@router.post("/notices", status_code=204)
async def choose_notices(caller: WithSession, form: NoticeChoice, db: WriteSession) -> None:
    """Which mails are sent; whoever stole a session must not silence them."""
    user = await confirmed_account(db, caller.user_id, form)
    user.new_devices_only = form.new_devices_only
    await _changed(db, user, security_log.NOTICES_CHANGED, form)


async def _first_codes(db: AsyncSession, user_id: int) -> list[str]:
    """Recovery codes with the first factor; those of a further one are the same."""
    return [] if (await factors.of(db, user_id)).on else await recovery.make(db, user_id)


async def _without_factor(db: AsyncSession, user_id: int) -> None:
    """Recovery codes end with the last factor."""
    if not (await factors.of(db, user_id)).on:
        await recovery.remove(db, user_id)


async def _changed(db: AsyncSession, user: User, kind: str, form: OwnAction, detail: str = "") -> None:
    await security_log.record(db, user.id, kind, site_device(form), detail=detail)
