"""A new password for who is signed in, set on the pages; identity §8.4 asks for a mailed code instead."""

from __future__ import annotations

from fastapi import BackgroundTasks

from identity_service.accounts.schemas import NewPassword
from identity_service.common_passwords import service as common_passwords
from identity_service.dependencies import State
from identity_service.mail.service import PASSWORD_CHANGED
from identity_service.notices.service import notify_owner
from identity_service.people.confirming import confirmed_account
from identity_service.people.visitor import ASKED_BY_WEB, site_device
from identity_service.security import service as security
from identity_service.security_log import service as security_log
from notechondria_contracts.internal.people import PEOPLE_PATH, OwnPassword, PersonSession
from notechondria_shared.auth import WithSession
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.body import SmallBody, validate
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])


class Chosen(SmallBody):
    """The password, by the rules of identity §7.1."""

    password: NewPassword


@router.post("/password")
async def set_password(state: State, caller: WithSession, form: OwnPassword, tasks: BackgroundTasks) -> PersonSession:
    """Set it after password and factor were entered: all sessions end, and this browser gets a new one."""
    device = site_device(form)
    password = validate(Chosen, {"password": form.password}).password
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        common_passwords.check(password, user.username, user.email)
    # No connection is held while the hash is computed.
    password_hash = await state.passwords.hash(password, device.ip_hash)
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        token, row = await security.set_password(db, user, password_hash, device, revoke_api_keys=form.end_keys)
        row.confirmed_at = now()
        await security_log.record(db, user.id, security_log.PASSWORD_CHANGED, device)
    notify_owner(tasks, state, PASSWORD_CHANGED, user, device)
    return PersonSession(token=token, session_id=row.id, user_id=user.id)
