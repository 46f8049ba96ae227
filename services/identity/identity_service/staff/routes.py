"""What the administration site asks of identity: `/internal/staff/*`, for calls from inside alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import BackgroundTasks, Depends, Query, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.schemas import Login, OwnPassword
from identity_service.accounts.sign_in import load_verified_user, verify_credentials, verify_own_password
from identity_service.dependencies import State
from identity_service.factors import service as factors
from identity_service.models import User
from identity_service.operators.queries import called
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from identity_service.settings import IdentitySettings
from identity_service.sign_ins import service as sign_ins
from identity_service.staff import queries, service
from notechondria_contracts.admin import NOT_STAFF
from notechondria_contracts.internal.staff import (
    STAFF_PATH,
    AccountIds,
    AccountMatch,
    AccountNames,
    EndStaffSession,
    NewStaffAction,
    StaffActionBegun,
    StaffActionOutcome,
    StaffPassword,
    StaffSession,
    StaffSignIn,
)
from notechondria_shared.core.errors import FieldErrors, Forbidden
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.admin import Staff
from notechondria_shared.web.body import validate
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.router import Router

router = Router(prefix=STAFF_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])
CODE_NEEDED = "Enter the code of your authenticator app, or a recovery code: this account has a second factor."
SIGN_IN, CONFIRM = "sign-in", "confirm-password"
Name = Annotated[str, Query(description="A user name, an address (with an @) or an id (digits).")]
_MOST_DIGITS = 18


@router.post("/sign-in", status_code=201)
async def sign_in(request: Request, state: State, form: StaffSignIn, tasks: BackgroundTasks) -> StaffSession:
    """A session like any other; 400 and 429 as `POST /auth/login/` (identity §7.5), 403 for who is not staff.

    A password that is wrong shows nobody who could be written down; the limits of guessing count it.
    """
    device = Device.seen(form.user_agent, form.address)
    typed = validate(Login, {"identifier": form.identifier, "password": form.password})
    verified = await verify_credentials(request, typed, device)
    minted: StaffSession | None = None
    async with state.database.transaction() as db:
        account = await load_verified_user(db, verified)
        if account.is_staff:
            method = await _second_factor(db, account.id, form.code, device, state.settings)
            started = await sign_ins.start(db, account.id, device, method=method)
            token, row = started.token, started.row
            row.password_entered_at = now()
            minted = StaffSession(token=token, session_id=row.id, user_id=account.id)
            await service.record(db, account.id, SIGN_IN, f"sessions/{row.id}")
        else:
            await service.record(db, account.id, SIGN_IN, f"users/{account.id}", "refused 403")
    if minted is None:
        raise Forbidden(NOT_STAFF)
    sign_ins.announce(tasks, state, account, device, started)
    return minted


async def _second_factor(db: AsyncSession, user_id: int, code: str, device: Device, settings: IdentitySettings) -> str:
    """How the member of staff signed in; 400 `code` where the account asks for one that is missing or wrong."""
    if not (await factors.of(db, user_id)).on:
        return sign_ins.PASSWORD
    if not code:
        raise FieldErrors(code=CODE_NEEDED)
    return f"{sign_ins.PASSWORD}, {await factors.check_code(db, user_id, code, device, settings)}"


@router.post("/confirm-password", status_code=204)
async def confirm_password(request: Request, state: State, form: StaffPassword, staff: Staff) -> None:
    """Actions that need the password go on in this session for some minutes; 404 when the session is not theirs.

    A wrong password is 400 `password` and written down, for here it is known whose session it is; 429 as signing in.
    """
    device = Device.seen(form.user_agent, form.address)
    typed = validate(OwnPassword, {"password": form.password})
    about = f"sessions/{form.session_id}"
    try:
        verified = await verify_own_password(request, staff.user_id, typed.password, device)
    except FieldErrors:
        async with state.database.transaction() as db:
            await service.record(db, staff.user_id, CONFIRM, about, "refused 400")
        raise
    async with state.database.transaction() as db:
        await load_verified_user(db, verified)
        await sessions.enter_password(db, staff.user_id, form.session_id)
        await service.record(db, staff.user_id, CONFIRM, about)


@router.post("/sign-out", status_code=204)
async def sign_out(body: EndStaffSession, staff: Staff, db: WriteSession) -> None:
    """End the session of a member of staff; 404 when it is not theirs."""
    await sessions.revoke(db, staff.user_id, body.session_id)
    await service.record(db, staff.user_id, "sign-out", f"sessions/{body.session_id}")


@router.post("/actions", status_code=201)
async def begin_action(body: NewStaffAction, staff: Staff, db: WriteSession) -> StaffActionBegun:
    """Write down what a member of staff is about to do, before it is done."""
    return StaffActionBegun(id=(await service.begin(db, staff.user_id, body.action, body.object)).id)


@router.post("/actions/{action_id:id}/settle", status_code=204)
async def settle_action(action_id: int, body: StaffActionOutcome, db: WriteSession) -> None:
    """Write down how it ended. Without an assertion: that of the beginning may have run out meanwhile."""
    await service.settle(db, action_id, body.outcome, body.object)


@router.post("/account-names")
async def account_names(body: AccountIds, read: ReadSession) -> AccountNames:
    """What accounts are called; those that are gone are left out."""
    accounts = await read.all(queries.NAMES, ids=body.ids)
    return AccountNames(names={row.id: row.username for row in accounts})


@router.get("/account")
async def find_account(name: Name, db: WriteSession) -> AccountMatch:
    """Who is called so; an id is taken for one as it is."""
    if name.isascii() and name.isdigit():
        return AccountMatch(id=int(name) or None if len(name) <= _MOST_DIGITS else None)
    return AccountMatch(id=await db.scalar(select(User.id).where(called(name.replace("\x00", "")))))
