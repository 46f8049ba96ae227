"""Password reset, identity codes, password and e-mail change (identity §8)."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.accounts.registering import NOT_SENT, SENT
from identity_service.codes import service as codes
from identity_service.dependencies import State
from identity_service.limits.service import count_mail, limited
from identity_service.mail.service import ADDRESS_CHANGED, PASSWORD_CHANGED, masked
from identity_service.models import User
from identity_service.notices.service import notify, notify_owner
from identity_service.security import resetting, schemas, service
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from identity_service.sessions.schemas import session_block
from identity_service.state import IdentityState
from notechondria_shared.auth import MaybeCaller, WithSession
from notechondria_shared.core.errors import INVALID_TOKEN, ApiError, BadRequest, Unauthorized
from notechondria_shared.web.body import describe_body, parse_small, validate, well_formed
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth", tags=["security"])


@router.post("/password-reset/", responses=refusals(429))
async def request_reset(request: Request, _: MaybeCaller, body: schemas.RequestReset) -> schemas.DeliveryTo:
    """Mail a reset code (identity §8.1)."""
    return await resetting.request_reset(request, body, Device.of(request))


@router.post("/password-reset/confirm/", responses=refusals(429))
async def confirm_reset(
    request: Request, _: MaybeCaller, body: schemas.ConfirmReset, tasks: BackgroundTasks
) -> schemas.Message:
    """Set a new password with the code (identity §8.2); every session ends, and the owner gets a mail."""
    return await resetting.confirm_reset(request, body, Device.of(request), tasks)


@router.post("/send-identity-code/", responses=refusals(403, 429))
async def send_identity_code(request: Request, state: State, caller: WithSession) -> schemas.IdentityCode:
    """Mail a code that proves who is at the keyboard (identity §8.3)."""
    own = f"user {caller.user_id}"
    async with (
        limited(request, "identity-code", own, user_id=caller.user_id, every_try=True),
        state.database.transaction() as db,
    ):
        user = await db.get(User, caller.user_id)
        # Whoever holds a session can claim an address: that must not bring them the codes.
        email = (user.verified_email or user.email) if user else ""
        if not email:
            raise BadRequest(f"Code not sent: {service.TAG}/identity_code — the account has no e-mail address.")
        digits = await codes.issue(db, codes.IDENTITY, str(caller.user_id), caller.user_id)
        await count_mail(request, db, email, caller.user_id)
    sent = await state.mailer.send_code(codes.IDENTITY, email, digits)
    shown = masked(email)
    message = SENT.format(email=shown) if sent else NOT_SENT
    return schemas.IdentityCode(message=message, delivery_fallback=not sent, masked_email=shown)


@router.post("/change-password/", responses=refusals(403, 429))
async def change_password(
    request: Request,
    state: State,
    caller: WithSession,
    body: schemas.ChangePassword,
    tasks: BackgroundTasks,
) -> schemas.PasswordChanged:
    """Change the password (identity §8.4): the code is burnt first, then the current password is checked."""
    device = Device.of(request)
    async with limited(request, "own-password", f"user {caller.user_id}", user_id=caller.user_id):
        async with state.database.transaction() as db:
            await service.use_identity_code(
                db, caller.user_id, body.identity_code, state.settings.code_failures_per_day
            )
            user = await db.get(User, caller.user_id)
        stored = user.password_hash if user else None
        matches, _ = await state.passwords.verify(body.current_password, stored, device.ip_hash)
        if not matches:
            raise BadRequest(service.CURRENT_WRONG)
    password_hash = await state.passwords.hash(body.new_password, device.ip_hash)
    async with state.database.transaction() as db:
        account = await db.get(User, caller.user_id, with_for_update=True)
        if account is None:
            raise Unauthorized(INVALID_TOKEN)
        if account.password_hash != stored:
            raise BadRequest(service.CURRENT_WRONG)
        token, row = await service.set_password(
            db, account, password_hash, device, revoke_api_keys=body.revoke_api_keys
        )
        await security_log.record(db, account.id, security_log.PASSWORD_CHANGED, device)
    notify_owner(tasks, state, PASSWORD_CHANGED, account, device)
    return schemas.PasswordChanged(message="The password is changed.", token=token, session=session_block(row))


@router.post(
    "/change-email/",
    dependencies=[describe_body(schemas.RequestEmailChange, schemas.ConfirmEmailChange)],
    responses=refusals(403, 429),
)
async def change_email(
    request: Request, state: State, caller: WithSession, tasks: BackgroundTasks
) -> schemas.DeliveryTo | schemas.EmailChanged:
    """Change the address in two steps (identity §8.5); a non-empty `code` selects the second."""
    value = await parse_small(request, plain_text=True)  # the apps send it as text/plain (identity §1)
    own = f"user {caller.user_id}"
    if isinstance(value, dict) and value.get("code") not in (None, "", False):
        confirmed = validate(schemas.ConfirmEmailChange, value)
        async with limited(request, "email-code", own, user_id=caller.user_id):
            before, name = await _confirm_email(state, caller.user_id, confirmed, Device.of(request))
        notify(
            tasks,
            state,
            ADDRESS_CHANGED,
            user_id=caller.user_id,
            address=before,
            name=name,
            device=Device.of(request),
        )
        return schemas.EmailChanged(message="The address is changed.", email=confirmed.new_email)
    try:
        body = validate(schemas.RequestEmailChange, value)
    except ApiError as refused:
        address = well_formed(schemas.NewAddress, value, refused).new_email
        async with state.database.transaction() as db:
            refused.body = await service.problems_of(db, address) | refused.body
        raise
    async with limited(request, "email-change", own, user_id=caller.user_id, every_try=True):
        async with state.database.transaction() as db:
            digits = await service.issue_email_change(
                db, caller.user_id, body.new_email, body.identity_code, state.settings.code_failures_per_day
            )
            await count_mail(request, db, body.new_email, caller.user_id)
        sent = await state.mailer.send_code(codes.CHANGE_EMAIL, body.new_email, digits)
        message = SENT.format(email=body.new_email) if sent else NOT_SENT
        return schemas.DeliveryTo(message=message, delivery_fallback=not sent, email=body.new_email)


async def _confirm_email(
    state: IdentityState, user_id: int, body: schemas.ConfirmEmailChange, device: Device
) -> tuple[str, str]:
    """The address until now, and the account's name."""
    async with state.database.transaction() as db:
        user = await db.get(User, user_id, with_for_update=True)
        if user is None:
            raise Unauthorized(INVALID_TOKEN)
        before = user.verified_email
        await service.confirm_email_change(db, user, body, state.settings.code_failures_per_day)
        await security_log.record(db, user_id, security_log.ADDRESS_CHANGED, device)
        return before, user.username
