"""Password reset, identity codes, password and e-mail change (identity §8)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request

from identity_service.accounts.routes import NOT_SENT, SENT
from identity_service.codes import service as codes
from identity_service.limits.service import limited
from identity_service.mail.service import Mailer
from identity_service.models import User
from identity_service.passwords import PasswordPool
from identity_service.security import schemas, service
from identity_service.sessions.devices import Device
from identity_service.sessions.schemas import session_block
from identity_service.settings import IdentitySettings
from notechondria_shared.auth import LoggedIn, MaybeCaller
from notechondria_shared.core.errors import INVALID_TOKEN, ApiError, BadRequest, Unauthorized
from notechondria_shared.db import Database
from notechondria_shared.web import read_body
from notechondria_shared.web.body import describe_body, parse, validate, well_formed
from notechondria_shared.web.openapi import refusals

router = APIRouter(prefix="/api/v1/auth", tags=["security"])
PLAIN_TEXT = True
"""The apps send these bodies as text/plain (identity §1)."""


class _Parts:
    """What these endpoints need of the application."""

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.database: Database = state.database
        self.passwords: PasswordPool = state.passwords
        self.mailer: Mailer = state.mailer
        self.settings: IdentitySettings = state.settings

    @property
    def hours(self) -> int:
        return self.settings.smtp_email_verification_ttl_hours


@router.post("/password-reset/", responses=refusals(429))
async def request_reset(
    request: Request, _: MaybeCaller, given: Annotated[schemas.RequestReset, read_body(schemas.RequestReset)]
) -> schemas.DeliveryTo:
    """Mail a reset code (identity §8.1)."""
    parts = _Parts(request)
    async with limited(request, "reset", given.email, every_try=True), parts.database.transaction() as db:
        digits = await service.issue_reset(db, given.email, parts.hours)
    sent = await parts.mailer.send_code(codes.PASSWORD_RESET, given.email, digits)
    message = SENT.format(email=given.email) if sent else NOT_SENT
    return schemas.DeliveryTo(message=message, delivery_fallback=not sent, email=given.email)


@router.post("/password-reset/confirm/", responses=refusals(429))
async def confirm_reset(
    request: Request, _: MaybeCaller, given: Annotated[schemas.ConfirmReset, read_body(schemas.ConfirmReset)]
) -> schemas.Message:
    """Set a new password with the code (identity §8.2); every session ends."""
    parts = _Parts(request)
    async with limited(request, "reset-code", given.email):
        password_hash = await parts.passwords.hash(given.password)
        async with parts.database.transaction() as db:
            await service.confirm_reset(db, given, password_hash)
    return schemas.Message(message="The password is set; sign in with it.")


@router.post("/send-identity-code/", responses=refusals(403, 429))
async def send_identity_code(request: Request, caller: LoggedIn) -> schemas.IdentityCode:
    """Mail a code that proves who is at the keyboard (identity §8.3)."""
    parts = _Parts(request)
    own = f"user {caller.user_id}"
    async with limited(request, "identity-code", own, every_try=True), parts.database.transaction() as db:
        user = await db.get(User, caller.user_id)
        email = user.email if user else ""
        if not email:
            raise BadRequest(f"Code not sent: {service.TAG}/identity_code — the account has no e-mail address.")
        digits = await codes.issue(db, codes.IDENTITY, str(caller.user_id), parts.hours)
    sent = await parts.mailer.send_code(codes.IDENTITY, email, digits)
    shown = service.masked(email)
    message = SENT.format(email=shown) if sent else NOT_SENT
    return schemas.IdentityCode(message=message, delivery_fallback=not sent, masked_email=shown)


@router.post("/change-password/", responses=refusals(403, 429))
async def change_password(
    request: Request,
    caller: LoggedIn,
    given: Annotated[schemas.ChangePassword, read_body(schemas.ChangePassword, plain_text=PLAIN_TEXT)],
) -> schemas.PasswordChanged:
    """Change the password (identity §8.4): the code is burnt first, then the current password is checked."""
    parts = _Parts(request)
    async with limited(request, "own-password", f"user {caller.user_id}"):
        async with parts.database.transaction() as db:
            await service.use_identity_code(db, caller.user_id, given.identity_code)
            user = await db.get(User, caller.user_id)
        stored = user.password_hash if user else None
        matches, _ = await parts.passwords.verify(given.current_password, stored)
        if not matches:
            raise BadRequest(service.CURRENT_WRONG)
    password_hash = await parts.passwords.hash(given.new_password)
    async with parts.database.transaction() as db:
        account = await db.get(User, caller.user_id, with_for_update=True)
        if account is None:
            raise Unauthorized(INVALID_TOKEN)
        if account.password_hash != stored:
            raise BadRequest(service.CURRENT_WRONG)
        token, row = await service.set_password(db, account, password_hash, Device.of(request))
    return schemas.PasswordChanged(message="The password is changed.", token=token, session=session_block(row))


@router.post(
    "/change-email/",
    dependencies=[describe_body(schemas.RequestEmailChange, schemas.ConfirmEmailChange)],
    responses=refusals(403, 429),
)
async def change_email(request: Request, caller: LoggedIn) -> schemas.DeliveryTo | schemas.EmailChanged:
    """Change the address in two steps (identity §8.5); a non-empty `code` selects the second."""
    value = await parse(request, plain_text=PLAIN_TEXT)
    parts, own = _Parts(request), f"user {caller.user_id}"
    if isinstance(value, dict) and value.get("code") not in (None, "", False):
        confirmed = validate(schemas.ConfirmEmailChange, value)
        async with limited(request, "email-code", own):
            return await _confirm_email(parts, caller.user_id, confirmed)
    try:
        wanted = validate(schemas.RequestEmailChange, value)
    except ApiError as refused:
        address = well_formed(schemas.NewAddress, value, refused).new_email
        async with parts.database.transaction() as db:
            refused.body = await service.problems_of(db, address) | refused.body
        raise
    async with limited(request, "email-change", own, every_try=True):
        return await _request_email(parts, caller.user_id, wanted)


async def _request_email(parts: _Parts, user_id: int, given: schemas.RequestEmailChange) -> schemas.DeliveryTo:
    async with parts.database.transaction() as db:
        digits = await service.issue_email_change(db, user_id, given.new_email, given.identity_code, parts.hours)
    sent = await parts.mailer.send_code(codes.CHANGE_EMAIL, given.new_email, digits)
    message = SENT.format(email=given.new_email) if sent else NOT_SENT
    return schemas.DeliveryTo(message=message, delivery_fallback=not sent, email=given.new_email)


async def _confirm_email(parts: _Parts, user_id: int, given: schemas.ConfirmEmailChange) -> schemas.EmailChanged:
    async with parts.database.transaction() as db:
        user = await db.get(User, user_id, with_for_update=True)
        if user is None:
            raise Unauthorized(INVALID_TOKEN)
        await service.confirm_email_change(db, user, given)
    return schemas.EmailChanged(message="The address is changed.", email=given.new_email)
