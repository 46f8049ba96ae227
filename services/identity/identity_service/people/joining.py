"""Signing up, a forgotten password, providers: as apps do it, with what the pages ask beyond that."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.accounts import registering
from identity_service.accounts.schemas import ResendVerification, VerifyEmail
from identity_service.common_passwords import service as common_passwords
from identity_service.dependencies import State
from identity_service.factors.service import SecondFactorNeeded
from identity_service.invitations import service as invitations
from identity_service.oauth import signing_in
from identity_service.people.confirming import own_account
from identity_service.people.providers import offers
from identity_service.people.second_step import begin_step
from identity_service.people.visitor import ASKED_BY_WEB, outcome_of, site_device
from identity_service.security import resetting
from identity_service.security.schemas import ConfirmReset, RequestReset
from notechondria_contracts.internal.people import (
    PEOPLE_PATH,
    AddressForm,
    Delivery,
    MailedCode,
    NewPassword,
    NewPerson,
    ProviderAnswer,
    SignInOutcome,
    SiteOffer,
)
from notechondria_shared.core.errors import ApiError, FieldErrors
from notechondria_shared.web.body import validate
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])


@router.get("/offer")
async def offer(state: State, db: WriteSession) -> SiteOffer:
    """Whether people may register, whether an invitation is needed, and which providers people may use."""
    registration = state.settings.registration
    return SiteOffer(
        invitation_needed=await invitations.required(db, registration),
        registration_closed=registration == invitations.CLOSED,
        providers=offers(state.settings),
    )


@router.post("/sign-up")
async def sign_up(request: Request, form: NewPerson) -> Delivery:
    """Note a registration down and mail its code (identity §7.1); passwords that are guessed are refused here."""
    fields = form.model_dump(include={"username", "email", "password", "invitation_code"})
    common_passwords.check(form.password, form.username, form.email)
    answer = await registering.register(request, fields, site_device(form))
    return Delivery(sent=not answer.delivery_fallback)


@router.post("/verify")
async def verify(request: Request, form: MailedCode) -> SignInOutcome:
    """Make the account that the code was mailed for and sign in (identity §7.3)."""
    typed = validate(VerifyEmail, {"email": form.email, "code": form.code})
    _, started = await registering.verify_email(request, typed, site_device(form))
    return outcome_of(started)


@router.post("/resend")
async def resend(request: Request, form: AddressForm) -> Delivery:
    """Mail a new code for the newest registration of an address (identity §7.4)."""
    typed = validate(ResendVerification, {"email": form.email})
    answer = await registering.resend_verification(request, typed, site_device(form))
    return Delivery(sent=not answer.delivery_fallback)


@router.post("/forgotten", status_code=204)
async def forgotten(request: Request, form: AddressForm) -> None:
    """Mail a reset code (identity §8.1). Unlike the API, the page does not say whether there is such an account."""
    typed = validate(RequestReset, {"email": form.email})
    try:
        await resetting.request_reset(request, typed, site_device(form))
    except FieldErrors:
        return


@router.post("/reset", status_code=204)
async def reset(request: Request, form: NewPassword, tasks: BackgroundTasks) -> None:
    """Set a new password with the code (identity §8.2). It signs nobody in: a second factor is asked for as ever."""
    typed = validate(ConfirmReset, {"email": form.email, "code": form.code, "password": form.password})
    common_passwords.check(form.password, form.email)
    await resetting.confirm_reset(request, typed, site_device(form), tasks)


@router.post("/provider")
async def provider(request: Request, state: State, form: ProviderAnswer, tasks: BackgroundTasks) -> SignInOutcome:
    """Sign in or up with a provider (identity §10.3)."""
    if form.provider not in {"google", "github"} or form.intent not in {"login", "register"}:
        raise ApiError({"detail": "No such provider."}, status=404)
    known = await signing_in.profile_of(request, form.provider, form.code, "", form.redirect_uri)
    try:
        _, started = await signing_in.sign_in(
            request,
            known,
            intent=form.intent,
            invitation=form.invitation_code,
            device=site_device(form),
            tasks=tasks,
        )
    except SecondFactorNeeded as needed:
        async with state.database.transaction() as db:
            user = await own_account(db, needed.user_id)
            return SignInOutcome(step=await begin_step(db, state.settings, user, provider=known.provider))
    return outcome_of(started)
