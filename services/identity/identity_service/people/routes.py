"""Signing in and out on the site: `/internal/people/*`, for calls from inside alone."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.accounts.schemas import Login
from identity_service.accounts.sign_in import load_verified_user, verify_credentials
from identity_service.dependencies import State
from identity_service.people.second_step import begin_step
from identity_service.people.visitor import ASKED_BY_WEB, outcome_of, site_device
from identity_service.sessions import service as sessions
from identity_service.sign_ins import service as sign_ins
from notechondria_contracts.internal.people import PEOPLE_PATH, OwnSession, PersonSignIn, SignInOutcome
from notechondria_shared.auth import WithSession
from notechondria_shared.web.body import validate
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])


@router.post("/sign-in")
async def sign_in(request: Request, state: State, form: PersonSignIn, tasks: BackgroundTasks) -> SignInOutcome:
    """A session like any other, or what is asked for beside; 400 and 429 as `POST /auth/login/` (identity §7.5)."""
    device = site_device(form)
    typed = validate(Login, {"identifier": form.identifier, "password": form.password})
    verified = await verify_credentials(request, typed, device)
    async with state.database.transaction() as db:
        account = await load_verified_user(db, verified)
        step = await begin_step(db, state.settings, account)
        if step is not None:
            return SignInOutcome(step=step)
        started = await sign_ins.start(db, account.id, device, method=sign_ins.PASSWORD)
    sign_ins.announce(tasks, state, account, device, started)
    return outcome_of(started)


@router.post("/sign-out", status_code=204)
async def sign_out(caller: WithSession, body: OwnSession, db: WriteSession) -> None:
    """End the session of a person; 404 when it is not theirs."""
    await sessions.revoke(db, caller.user_id, body.session_id)
