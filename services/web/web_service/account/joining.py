"""Signing up with a code by mail, and a forgotten password."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.internal.people import AddressForm, Delivery, MailedCode, NewPassword, NewPerson
from notechondria_shared.auth.credentials import Credential, digest
from notechondria_shared.core.digits import plain_digits
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.web.router import Router
from web_service.account import offers
from web_service.account.finish import finish
from web_service.account.pages import PAGES, StrangersEmpty, StrangersTyped, Typed, beside_form, visitor
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import SIGN_IN, with_next
from web_service.site.person import MaybePerson
from web_service.state import WebState

router = Router(prefix="/account", include_in_schema=False, route_class=PageRoute)
ZONE_SCRIPT = "/account/zone.js"
SIGN_UP = ("username", "email", "password", "invitation_code")


def _form_page(
    request: Request, typed: Typed, template: str, *, refusal: ServiceRefused | None = None, mail: str = ""
) -> Response:
    """A form with what was typed into it, passwords and codes left out. `mail`: what became of the code."""
    answer = PAGES.page(
        request,
        template,
        refusal=refusal,
        script=ZONE_SCRIPT if template == "verify.html" else "",
        token=typed.form.token,
        target=typed.target,
        email=typed.text("email"),
        mail=mail,
    )
    return typed.form.keep(answer)


def _code_page(request: Request, typed: Typed, delivery: Delivery) -> Response:
    return _form_page(request, typed, "verify.html", mail="sent" if delivery.sent else "unsent")


async def _sign_up_page(
    request: Request, state: WebState, typed: Typed, refusal: ServiceRefused | None = None
) -> Response:
    offer = await state.people.offer()
    answer = PAGES.page(
        request,
        "sign_up.html",
        refusal=refusal,
        form_targets=offers.origins(offer),
        token=typed.form.token,
        target=typed.target,
        offer=offer,
        typed={name: typed.text(name) for name in SIGN_UP if name != "password"},
    )
    return typed.form.keep(answer)


@router.get("/sign-up/")
async def show_sign_up(request: Request, state: State, person: MaybePerson, empty: StrangersEmpty) -> Response:
    """The form; who is signed in already is led on."""
    return redirect(empty.target) if person else await _sign_up_page(request, state, empty)


@router.post("/sign-up/")
async def sign_up(request: Request, state: State, typed: StrangersTyped) -> Response:
    """Note the registration down, and ask for the code that was mailed."""
    sent = NewPerson(**{name: typed.text(name) for name in SIGN_UP}, **visitor(request).model_dump())
    try:
        delivery = await state.people.sign_up(sent)
    except ServiceRefused as refusal:
        return await _sign_up_page(request, state, typed, beside_form(refusal))
    return _code_page(request, typed, delivery)


@router.get("/verify/")
async def show_verify(request: Request, empty: StrangersEmpty) -> Response:
    """The form, for who comes back to it from the mail."""
    return _form_page(request, empty, "verify.html")


@router.post("/verify/")
async def verify(request: Request, state: State, typed: StrangersTyped) -> Response:
    """The account is made, and signed in."""
    sent = MailedCode(email=typed.text("email"), code=plain_digits(typed.text("code")), **visitor(request).model_dump())
    try:
        outcome = await state.people.verify(sent)
    except ServiceRefused as refusal:
        return _form_page(request, typed, "verify.html", refusal=beside_form(refusal))
    if outcome.session is not None:
        await _guess_zone(state, outcome.session.token, typed.text("timezone"))
    return finish(request, state, outcome, typed.target)


async def _guess_zone(state: WebState, token: str, zone: str) -> None:
    """The browser's zone is the new account's, until the person chooses another; nothing for what is none."""
    if not zone:
        return
    try:
        answer = await state.introspector.introspect(Credential("session", digest(token), token[:8]))
        if answer.active and not answer.timezone:
            await state.own_profile.set_zone(zone[:64], answer.assertions["identity"])
    except (ServiceRefused, ServiceUnavailable, Unavailable):
        return  # the account is there all the same


@router.post("/verify/again/")
async def again(request: Request, state: State, typed: StrangersTyped) -> Response:
    """A new code by mail."""
    try:
        delivery = await state.people.resend(AddressForm(email=typed.text("email"), **visitor(request).model_dump()))
    except ServiceRefused as refusal:
        return _form_page(request, typed, "verify.html", refusal=beside_form(refusal))
    return _code_page(request, typed, delivery)


@router.get("/forgotten/")
async def show_forgotten(request: Request, empty: StrangersEmpty) -> Response:
    """The form."""
    return _form_page(request, empty, "forgotten.html")


@router.post("/forgotten/")
async def forgotten(request: Request, state: State, typed: StrangersTyped) -> Response:
    """A code by mail, if an account has the address; the page says the same if none has."""
    try:
        await state.people.forgotten(AddressForm(email=typed.text("email"), **visitor(request).model_dump()))
    except ServiceRefused as refusal:
        return _form_page(request, typed, "forgotten.html", refusal=beside_form(refusal))
    return _form_page(request, typed, "reset.html")


@router.post("/reset/")
async def reset(request: Request, state: State, typed: StrangersTyped) -> Response:
    """The new password is set; it signs nobody in."""
    sent = NewPassword(
        email=typed.text("email"),
        code=plain_digits(typed.text("code")),
        password=typed.text("password"),
        **visitor(request).model_dump(),
    )
    try:
        await state.people.reset(sent)
    except ServiceRefused as refusal:
        return _form_page(request, typed, "reset.html", refusal=beside_form(refusal))
    return redirect(with_next(SIGN_IN, typed.target), notice="password_set", request=request)
