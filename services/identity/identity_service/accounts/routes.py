"""Registration, verification, sign-in and account deletion (identity §7.1 - §7.5)."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.accounts import deletion, registering, schemas, service, sign_in
from identity_service.accounts.payload import auth_payload
from identity_service.avatars.service import folder_of
from identity_service.dependencies import State
from identity_service.factors import service as factors
from identity_service.limits.service import limited
from identity_service.models import User
from identity_service.sessions.devices import Device
from identity_service.sign_ins import service as sign_ins
from notechondria_contracts.fields.validation_messages import REQUIRED
from notechondria_shared.auth import MaybeCaller, WithSession
from notechondria_shared.core.errors import INVALID_TOKEN, BadRequest, FieldErrors, Unauthorized
from notechondria_shared.web.body import describe_body, parse_small
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth", tags=["accounts"])

WRONG_PASSWORD = "Account kept: Backend.Creators.Auth/account.delete — the password is wrong."  # noqa: S105


@router.post("/register/", status_code=201, dependencies=[describe_body(schemas.Register)], responses=refusals(429))
async def register(request: Request, _: MaybeCaller) -> schemas.RegisterAnswer:
    """Note a registration down and mail its code (identity §7.1). No account and no token yet."""
    return await registering.register(request, await parse_small(request), Device.of(request))


@router.post("/verify-email/", responses=refusals(429))
async def verify_email(request: Request, _: MaybeCaller, body: schemas.VerifyEmail) -> schemas.AuthPayload:
    """Make the account that the code was mailed for and sign in (identity §7.3): AuthPayload."""
    user, started = await registering.verify_email(request, body, Device.of(request))
    return await auth_payload(request, user, started.token, started.row)


@router.post("/resend-verification/", responses=refusals(429))
async def resend_verification(request: Request, _: MaybeCaller, body: schemas.ResendVerification) -> schemas.Delivery:
    """Mail a new code for the newest registration of an address (identity §7.4)."""
    return await registering.resend_verification(request, body, Device.of(request))


@router.post("/login/", responses=refusals(429))
async def login(
    request: Request, state: State, _: MaybeCaller, body: schemas.Login, tasks: BackgroundTasks
) -> schemas.AuthPayload:
    """Sign in with address or user name (identity §7.5): AuthPayload; every mismatch reads the same.

    An account with a second factor signs in with an app password here; with its own one it is 400 (decision 54).
    """
    credentials, device = await sign_in.verify_credentials(request, body, app_passwords=True), Device.of(request)
    async with state.database.transaction() as db:
        account = await sign_in.load_verified_user(db, credentials)
        by_app_password = credentials.app_password_id is not None
        if not by_app_password:
            await factors.refuse_password_alone(db, account.id, state.settings)
        started = await sign_ins.start(
            db,
            account.id,
            device,
            method=sign_ins.APP_PASSWORD if by_app_password else sign_ins.PASSWORD,
            app_password_id=credentials.app_password_id,
        )
    sign_ins.announce(tasks, state, account, device, started)
    return await auth_payload(request, account, started.token, started.row)


@router.delete("/account/", status_code=204, responses=refusals(403, 429))
async def delete_account(request: Request, state: State, caller: WithSession, body: schemas.DeleteAccount) -> None:
    """Delete the account and everything of it in every service; the password confirms. Final.

    Without a password a provider's sign-in of the last five minutes does, or a mailed code (decision 51).
    """
    async with state.database.transaction() as db:
        user = await db.get(User, caller.user_id)
    stored = user.password_hash if user else ""
    async with limited(request, "own-password", f"user {caller.user_id}", user_id=caller.user_id):
        if stored:
            if not body.password:
                raise FieldErrors(password=REQUIRED)
            matches, _ = await state.passwords.verify(body.password, stored, Device.of(request).ip_hash)
            if not matches:
                raise BadRequest(WRONG_PASSWORD)
        async with state.database.transaction() as db:
            account = await db.get(User, caller.user_id, with_for_update=True)
            if account is None:
                raise Unauthorized(INVALID_TOKEN)
            if account.password_hash != stored:
                raise BadRequest(WRONG_PASSWORD)
            if not stored:
                await deletion.confirm(
                    db, account, caller.credential_id, body.identity_code, state.settings.code_failures_per_day
                )
            await service.delete_account(db, account)
    await state.file_deletions.delete([folder_of(caller.user_id)])
