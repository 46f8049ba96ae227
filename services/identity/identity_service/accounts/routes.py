"""Registration, verification, sign-in and account deletion (identity §7.1 - §7.5)."""

from __future__ import annotations

from fastapi import Request

from identity_service.accounts import deletion, schemas, service, sign_in
from identity_service.accounts.payload import auth_payload
from identity_service.avatars.service import folder_of
from identity_service.codes import service as codes
from identity_service.dependencies import State
from identity_service.limits.service import count_mail, limited
from identity_service.models import User
from identity_service.registrations.service import Issued
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from identity_service.state import IdentityState
from notechondria_contracts.fields.validation_messages import REQUIRED
from notechondria_shared.auth import MaybeCaller, WithSession
from notechondria_shared.core.errors import INVALID_TOKEN, ApiError, BadRequest, FieldErrors, Unauthorized
from notechondria_shared.web.body import describe_body, parse_small, validate, well_formed
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth", tags=["accounts"])

SENT = "A code is on its way to {email}."
WRONG_PASSWORD = "Account kept: Backend.Creators.Auth/account.delete — the password is wrong."  # noqa: S105
NOT_SENT = "The code could not be mailed; ask your administrator for it."


@router.post("/register/", status_code=201, dependencies=[describe_body(schemas.Register)], responses=refusals(429))
async def register(request: Request, state: State, _: MaybeCaller) -> schemas.RegisterAnswer:
    """Note a registration down and mail its code (identity §7.1). No account and no token yet."""
    value = await parse_small(request)
    # Refuse what can be refused before paying for a hash; `register` checks again in its own transaction.
    async with state.database.transaction() as db:
        try:
            body = validate(schemas.Register, value)
        except ApiError as refused:
            claim = well_formed(schemas.Claim, value, refused)
            refused.body = await service.problems_of(db, claim) | refused.body
            raise
        await service.check_registration(db, body)
    async with limited(request, "register", body.email, every_try=True):
        password_hash = await state.passwords.hash(body.password, Device.of(request).ip_hash)
        async with state.database.transaction() as db:
            issued = await service.register(db, body, password_hash, Device.of(request), state.settings)
            await count_mail(request, db, body.email)
    # After the commit: the mail may take seconds, and its code must already be good when it arrives.
    sent = await _mail(state, issued)
    message = SENT.format(email=body.email) if sent else NOT_SENT
    return schemas.RegisterAnswer(message=message, delivery_fallback=not sent, email=body.email)


async def _mail(state: IdentityState, issued: Issued) -> bool:
    return await state.mailer.send_code(
        codes.REGISTER,
        issued.email,
        issued.digits,
        life=state.settings.registration_life,
        username=issued.username,
    )


@router.post("/verify-email/", responses=refusals(429))
async def verify_email(
    request: Request,
    state: State,
    _: MaybeCaller,
    body: schemas.VerifyEmail,
) -> schemas.AuthPayload:
    """Make the account that the code was mailed for and sign in (identity §7.3): AuthPayload."""
    async with limited(request, "verify", body.email), state.database.transaction() as db:
        user = await service.verify(db, body.email, body.code, Device.of(request), state.settings)
        token, row = await sessions.mint(db, user.id, Device.of(request))
    return await auth_payload(request, user, token, row)


@router.post("/resend-verification/", responses=refusals(429))
async def resend_verification(
    request: Request,
    state: State,
    _: MaybeCaller,
    body: schemas.ResendVerification,
) -> schemas.Delivery:
    """Mail a new code for the newest registration of an address (identity §7.4)."""
    async with state.database.transaction() as db:
        issued = await service.renew_code(db, body.email, Device.of(request), state.settings)
        await count_mail(request, db, body.email)
    sent = await _mail(state, issued)
    return schemas.Delivery(message=SENT.format(email=body.email) if sent else NOT_SENT, delivery_fallback=not sent)


@router.post("/login/", responses=refusals(429))
async def login(request: Request, state: State, _: MaybeCaller, body: schemas.Login) -> schemas.AuthPayload:
    """Sign in with address or user name (identity §7.5): AuthPayload; every mismatch reads the same."""
    credentials = await sign_in.verify_credentials(request, body)
    async with state.database.transaction() as db:
        account = await sign_in.load_verified_user(db, credentials)
        token, row = await sessions.mint(db, account.id, Device.of(request))
    return await auth_payload(request, account, token, row)


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
