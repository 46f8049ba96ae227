"""Resetting a password as apps and the site ask for it (identity §8.1, §8.2): who is asked is a device."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.accounts.registering import NOT_SENT, SENT
from identity_service.codes import service as codes
from identity_service.limits.service import count_mail, limited
from identity_service.mail.service import PASSWORD_CHANGED
from identity_service.notices.service import notify_owner
from identity_service.security import schemas, service
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from identity_service.state import identity_state


async def request_reset(request: Request, body: schemas.RequestReset, device: Device) -> schemas.DeliveryTo:
    """Mail a reset code (identity §8.1)."""
    state = identity_state(request.app)
    limits = limited(request, "reset", body.email, every_try=True, device=device)
    async with limits, state.database.transaction() as db:
        digits, user_id = await service.issue_reset(db, body.email)
        await count_mail(request, db, body.email, user_id, device)
    sent = await state.mailer.send_code(codes.PASSWORD_RESET, body.email, digits)
    message = SENT.format(email=body.email) if sent else NOT_SENT
    return schemas.DeliveryTo(message=message, delivery_fallback=not sent, email=body.email)


async def confirm_reset(
    request: Request, body: schemas.ConfirmReset, device: Device, tasks: BackgroundTasks
) -> schemas.Message:
    """Set a new password with the code (identity §8.2); every session ends, and the owner gets a mail."""
    state = identity_state(request.app)
    async with limited(request, "reset-code", body.email, device=device):
        password_hash = await state.passwords.hash(body.password, device.ip_hash)
        async with state.database.transaction() as db:
            user = await service.confirm_reset(db, body, password_hash, state.settings.code_failures_per_day)
            await security_log.record(db, user.id, security_log.PASSWORD_CHANGED, device, method="mailed code")
    notify_owner(tasks, state, PASSWORD_CHANGED, user, device)
    return schemas.Message(message="The password is set; sign in with it.")
