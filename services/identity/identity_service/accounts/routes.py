"""Registration, verification, sign-in and account deletion (identity §7.1 - §7.5)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from identity_service.accounts import schemas, service, sign_in
from identity_service.accounts.payload import auth_payload
from identity_service.avatars.service import folder_of
from identity_service.codes import service as codes
from identity_service.limits.service import limited
from identity_service.mail.service import Mailer
from identity_service.models import User
from identity_service.passwords import PasswordPool
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from notechondria_shared.auth import LoggedIn, MaybeCaller
from notechondria_shared.core.errors import ApiError, BadRequest
from notechondria_shared.db import Database
from notechondria_shared.web import read_body
from notechondria_shared.web.body import describe_body, parse, validate, well_formed
from notechondria_shared.web.openapi import refusals

router = APIRouter(prefix="/api/v1/auth", tags=["accounts"])

SENT = "A code is on its way to {email}."
NOT_SENT = "The code could not be mailed; ask your administrator for it."


@router.post("/register/", status_code=201, dependencies=[describe_body(schemas.Register)], responses=refusals(429))
async def register(request: Request, _: MaybeCaller) -> schemas.RegisterAnswer:
    """Make a pending account and mail its code (identity §7.1). No token yet."""
    state = request.app.state
    database: Database = state.database
    passwords: PasswordPool = state.passwords
    mailer: Mailer = state.mailer
    value = await parse(request)
    # Refuse what can be refused before paying for a hash; `register` checks again in its own transaction.
    async with database.transaction() as db:
        try:
            wanted = validate(schemas.Register, value)
        except ApiError as refused:
            claim = well_formed(schemas.Claim, value, refused)
            refused.body = await service.problems_of(db, claim) | refused.body
            raise
        await service.check_registration(db, wanted)
    async with limited(request, "register", wanted.email, every_try=True):
        password_hash = await passwords.hash(wanted.password)
        async with database.transaction() as db:
            digits = await service.register(db, wanted, password_hash, state.settings)
    # After the commit: the mail may take seconds, and its code must already be good when it arrives.
    sent = await mailer.send_code(codes.REGISTER, wanted.email, digits)
    message = SENT.format(email=wanted.email) if sent else NOT_SENT
    return schemas.RegisterAnswer(message=message, delivery_fallback=not sent, email=wanted.email)


@router.post("/verify-email/", responses=refusals(429))
async def verify_email(
    request: Request,
    _: MaybeCaller,
    given: Annotated[schemas.VerifyEmail, read_body(schemas.VerifyEmail)],
) -> schemas.AuthPayload:
    """Open the account with its code and sign in (identity §7.3): AuthPayload."""
    database: Database = request.app.state.database
    async with limited(request, "verify", given.email), database.transaction() as db:
        user = await service.verify(db, given.email, given.code)
        token, row = await sessions.mint(db, user.id, Device.of(request))
    return await auth_payload(request, user, token, row)


@router.post("/resend-verification/")
async def resend_verification(
    request: Request,
    _: MaybeCaller,
    given: Annotated[schemas.ResendVerification, read_body(schemas.ResendVerification)],
) -> schemas.Delivery:
    """Mail a new code to a pending account (identity §7.4)."""
    state = request.app.state
    database: Database = state.database
    mailer: Mailer = state.mailer
    async with database.transaction() as db:
        digits = await service.renew_code(db, given.email, state.settings)
    sent = await mailer.send_code(codes.REGISTER, given.email, digits)
    return schemas.Delivery(message=SENT.format(email=given.email) if sent else NOT_SENT, delivery_fallback=not sent)


@router.post("/login/", responses=refusals(429))
async def login(
    request: Request, _: MaybeCaller, given: Annotated[schemas.Login, read_body(schemas.Login)]
) -> schemas.AuthPayload:
    """Sign in with address or user name (identity §7.5): AuthPayload; every mismatch reads the same."""
    proved = await sign_in.verify_credentials(request, given)
    database: Database = request.app.state.database
    async with database.transaction() as db:
        account = await sign_in.load_verified_user(db, proved)
        token, row = await sessions.mint(db, account.id, Device.of(request))
    return await auth_payload(request, account, token, row)


@router.delete("/account/", status_code=204, responses=refusals(403, 429))
async def delete_account(
    request: Request, caller: LoggedIn, given: Annotated[schemas.DeleteAccount, read_body(schemas.DeleteAccount)]
) -> None:
    """Delete the account and everything of it in every service; the password confirms. Final."""
    state = request.app.state
    database: Database = state.database
    passwords: PasswordPool = state.passwords
    async with database.transaction() as db:
        user = await db.get(User, caller.user_id)
    async with limited(request, "own-password", f"user {caller.user_id}"):
        matches, _ = await passwords.verify(given.password, user.password_hash if user else None)
        if user is None or not matches:
            raise BadRequest("Account kept: Backend.Creators.Auth/account.delete — the password is wrong.")
    async with database.transaction() as db:
        account = await db.get(User, caller.user_id, with_for_update=True)
        if account is not None:
            await service.delete_account(db, account)
    await state.file_deletions.delete([folder_of(caller.user_id)])
