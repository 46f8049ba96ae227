"""Who a person is here, on the pages: what they see of it, another address, and the end of the account."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.accounts import service as accounts
from identity_service.avatars.service import folder_of
from identity_service.codes import service as codes
from identity_service.dependencies import State
from identity_service.fields import Address
from identity_service.limits.service import count_mail, limited
from identity_service.mail.service import ADDRESS_CHANGED
from identity_service.notices.service import notify
from identity_service.people import queries
from identity_service.people.confirming import confirmed_account
from identity_service.people.visitor import ASKED_BY_WEB, site_device
from identity_service.security import schemas, service
from identity_service.security_log import service as security_log
from notechondria_contracts.internal.own_profile import (
    PROFILE_PATH,
    AddressAsked,
    AddressCode,
    Farewell,
    NewAddress,
    OwnProfile,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import INVALID_TOKEN, FieldErrors, Unauthorized
from notechondria_shared.core.timestamps import iso_offset
from notechondria_shared.web.body import SmallBody, validate
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.router import Router

router = Router(prefix=PROFILE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])
NOT_TYPED = "Type your user name, exactly as it is, to delete the account."


class _NewEmail(SmallBody):
    """The address of a form, by the rules of identity §8.5."""

    new_email: Address


@router.get("")
async def profile(caller: WithSession, read: ReadSession) -> OwnProfile:
    """All of it."""
    row = await read.one(queries.PROFILE, user_id=caller.user_id)
    if row is None:
        raise Unauthorized(INVALID_TOKEN)
    return OwnProfile(
        username=row.username,
        first_name=row.first_name,
        last_name=row.last_name,
        display_name=row.display_name,
        motto=row.motto,
        social_link=row.social_link,
        email=row.email,
        is_proved=bool(row.email) and row.email == row.verified_email,
        timezone=row.timezone,
        image_path=row.image_path,
        has_password=row.has_password,
        has_factor=row.has_factor,
        providers=sorted(row.providers or []),
        date_joined=iso_offset(row.date_joined),
    )


@router.post("/address")
async def begin_address(request: Request, state: State, caller: WithSession, form: NewAddress) -> AddressAsked:
    """Mail a code to the new address (identity §8.5); password and factor stand in the place of the identity code."""
    device, own = site_device(form), f"user {caller.user_id}"
    address = validate(_NewEmail, {"new_email": form.new_email}).new_email
    async with limited(request, "email-change", own, user_id=caller.user_id, every_try=True, device=device):
        async with state.database.transaction() as db:
            user = await confirmed_account(db, caller.user_id, form)
            if problems := await service.problems_of(db, address):
                raise FieldErrors(**problems)
            scope = service.change_scope(user.id, address)
            digits = await codes.issue(db, codes.CHANGE_EMAIL, scope, user.id)
            await count_mail(request, db, address, user.id, device)
        return AddressAsked(sent=await state.mailer.send_code(codes.CHANGE_EMAIL, address, digits))


@router.post("/address/confirm", status_code=204)
async def confirm_address(
    request: Request, state: State, caller: WithSession, form: AddressCode, tasks: BackgroundTasks
) -> None:
    """The code is right: it is the account's address; the one before gets a mail."""
    device, own = site_device(form), f"user {caller.user_id}"
    body = validate(schemas.ConfirmEmailChange, {"new_email": form.new_email, "code": form.code})
    async with (
        limited(request, "email-code", own, user_id=caller.user_id, device=device),
        state.database.transaction() as db,
    ):
        user = await confirmed_account(db, caller.user_id, form)
        before, name = user.verified_email, user.username
        await service.confirm_email_change(db, user, body, state.settings.code_failures_per_day)
        await security_log.record(db, user.id, security_log.ADDRESS_CHANGED, device)
    notify(tasks, state, ADDRESS_CHANGED, user_id=caller.user_id, address=before, name=name, device=device)


@router.post("/delete", status_code=204)
async def delete_account(state: State, caller: WithSession, form: Farewell) -> None:
    """The account ends, with everything of it in every service, after password and factor were entered. Final."""
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        if form.username != user.username:
            raise FieldErrors(username=NOT_TYPED)
        await accounts.delete_account(db, user)
    await state.file_deletions.delete([folder_of(caller.user_id)])
