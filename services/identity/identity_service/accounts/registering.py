"""Registration and verification as apps and the site ask for them (identity §7.1 - §7.4): who is asked is a device."""

from __future__ import annotations

from fastapi import Request

from identity_service.accounts import schemas, service
from identity_service.codes import service as codes
from identity_service.limits.service import count_mail, limited
from identity_service.models import User
from identity_service.registrations.service import Issued
from identity_service.sessions.devices import Device
from identity_service.sign_ins import service as sign_ins
from identity_service.sign_ins.service import Started
from identity_service.state import IdentityState, identity_state
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.body import validate, well_formed

SENT = "A code is on its way to {email}."
NOT_SENT = "The code could not be mailed; ask your administrator for it."


async def register(request: Request, value: object, device: Device) -> schemas.RegisterAnswer:
    """Note a registration down and mail its code (identity §7.1). No account and no token yet."""
    state = identity_state(request.app)
    # Refuse what can be refused before paying for a hash; `register` checks again in its own transaction.
    async with state.database.transaction() as db:
        try:
            body = validate(schemas.Register, value)
        except ApiError as refused:
            claim = well_formed(schemas.Claim, value, refused)
            refused.body = await service.problems_of(db, claim, state.settings) | refused.body
            raise
        await service.check_registration(db, body, state.settings)
    async with limited(request, "register", body.email, every_try=True, device=device):
        password_hash = await state.passwords.hash(body.password, device.ip_hash)
        async with state.database.transaction() as db:
            issued = await service.register(db, body, password_hash, device, state.settings)
            await count_mail(request, db, body.email, device=device)
    # After the commit: the mail may take seconds, and its code must already be good when it arrives.
    sent = await _mail(state, issued)
    message = SENT.format(email=body.email) if sent else NOT_SENT
    return schemas.RegisterAnswer(message=message, delivery_fallback=not sent, email=body.email)


async def verify_email(request: Request, body: schemas.VerifyEmail, device: Device) -> tuple[User, Started]:
    """Make the account that the code was mailed for, and a session of it (identity §7.3)."""
    state = identity_state(request.app)
    async with limited(request, "verify", body.email, device=device), state.database.transaction() as db:
        user = await service.verify(db, body.email, body.code, device, state.settings)
        return user, await sign_ins.start(db, user.id, device, method=sign_ins.MAILED_CODE)


async def resend_verification(request: Request, body: schemas.ResendVerification, device: Device) -> schemas.Delivery:
    """Mail a new code for the newest registration of an address (identity §7.4)."""
    state = identity_state(request.app)
    async with state.database.transaction() as db:
        issued = await service.renew_code(db, body.email, device, state.settings)
        await count_mail(request, db, body.email, device=device)
    sent = await _mail(state, issued)
    return schemas.Delivery(message=SENT.format(email=body.email) if sent else NOT_SENT, delivery_fallback=not sent)


async def _mail(state: IdentityState, issued: Issued) -> bool:
    return await state.mailer.send_code(
        codes.REGISTER,
        issued.email,
        issued.digits,
        life=state.settings.registration_life,
        username=issued.username,
    )
