"""Signing up with a code by mail, and a forgotten password."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import AddressForm, MailedCode, NewPassword, NewPerson
from web_service.account import offers
from web_service.account.finish import finish
from web_service.account.pages import PAGES, TYPED_WRONG, visitor
from web_service.dependencies import State
from web_service.site.forms import StrangersForm
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import SIGN_IN, own_path, with_next
from web_service.site.person import MaybePerson
from web_service.site.refusals import kept_headers, plain_problems
from web_service.state import WebState

router = APIRouter(include_in_schema=False, route_class=PageRoute)
SIGN_UP = ("username", "email", "password", "invitation_code")


def _form_page(
    request: Request,
    form: StrangersForm,
    template: str,
    target: str,
    *,
    fields: dict[str, str] | None = None,
    refusal: ServiceRefused | None = None,
    mail: str = "",
) -> Response:
    """A form with what was typed into it, passwords and codes left out. `mail`: what became of the code."""
    typed = fields or {}
    answer = PAGES.page(
        request,
        template,
        status=refusal.status if refusal else 200,
        headers=kept_headers(refusal),
        token=form.token,
        target=target,
        email=typed.get("email", ""),
        mail=mail,
        problems=plain_problems(refusal),
    )
    return form.keep(answer)


async def _sign_up_page(
    request: Request,
    state: WebState,
    form: StrangersForm,
    target: str,
    *,
    fields: dict[str, str] | None = None,
    refusal: ServiceRefused | None = None,
) -> Response:
    offer, typed = await state.people.offer(), fields or {}
    answer = PAGES.page(
        request,
        "sign_up.html",
        status=refusal.status if refusal else 200,
        headers=kept_headers(refusal),
        form_targets=offers.origins(offer),
        token=form.token,
        target=target,
        offer=offer,
        typed={name: typed.get(name, "") for name in SIGN_UP if name != "password"},
        problems=plain_problems(refusal),
    )
    return form.keep(answer)


@router.get("/sign-up/")
async def show_sign_up(request: Request, state: State, person: MaybePerson) -> Response:
    """The form; who is signed in already is led on."""
    target = own_path(request.query_params.get("next", ""))
    return redirect(target) if person else await _sign_up_page(request, state, StrangersForm(request, state), target)


@router.post("/sign-up/")
async def sign_up(request: Request, state: State) -> Response:
    """Note the registration down, and ask for the code that was mailed."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target = own_path(fields.get("next", ""))
    typed = NewPerson(**{name: fields.get(name, "") for name in SIGN_UP}, **visitor(request).model_dump())
    try:
        delivery = await state.people.sign_up(typed)
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        return await _sign_up_page(request, state, form, target, fields=fields, refusal=refusal)
    return _form_page(request, form, "verify.html", target, fields=fields, mail="sent" if delivery.sent else "unsent")


@router.get("/verify/")
async def show_verify(request: Request, state: State) -> Response:
    """The form, for who comes back to it from the mail."""
    target = own_path(request.query_params.get("next", ""))
    return _form_page(request, StrangersForm(request, state), "verify.html", target)


@router.post("/verify/")
async def verify(request: Request, state: State) -> Response:
    """The account is made, and signed in."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target = own_path(fields.get("next", ""))
    typed = MailedCode(email=fields.get("email", ""), code=fields.get("code", ""), **visitor(request).model_dump())
    try:
        outcome = await state.people.verify(typed)
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        return _form_page(request, form, "verify.html", target, fields=fields, refusal=refusal)
    return finish(request, state, outcome, target)


@router.post("/verify/again/")
async def again(request: Request, state: State) -> Response:
    """A new code by mail."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target = own_path(fields.get("next", ""))
    try:
        delivery = await state.people.resend(
            AddressForm(email=fields.get("email", ""), **visitor(request).model_dump())
        )
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        return _form_page(request, form, "verify.html", target, fields=fields, refusal=refusal)
    return _form_page(request, form, "verify.html", target, fields=fields, mail="sent" if delivery.sent else "unsent")


@router.get("/forgotten/")
async def show_forgotten(request: Request, state: State) -> Response:
    """The form."""
    target = own_path(request.query_params.get("next", ""))
    return _form_page(request, StrangersForm(request, state), "forgotten.html", target)


@router.post("/forgotten/")
async def forgotten(request: Request, state: State) -> Response:
    """A code by mail, if an account has the address; the page says the same if none has."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target = own_path(fields.get("next", ""))
    try:
        await state.people.forgotten(AddressForm(email=fields.get("email", ""), **visitor(request).model_dump()))
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        return _form_page(request, form, "forgotten.html", target, fields=fields, refusal=refusal)
    return _form_page(request, form, "reset.html", target, fields=fields)


@router.post("/reset/")
async def reset(request: Request, state: State) -> Response:
    """The new password is set; it signs nobody in."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target = own_path(fields.get("next", ""))
    typed = NewPassword(
        **{name: fields.get(name, "") for name in ("email", "code", "password")}, **visitor(request).model_dump()
    )
    try:
        await state.people.reset(typed)
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        return _form_page(request, form, "reset.html", target, fields=fields, refusal=refusal)
    return redirect(with_next(SIGN_IN, target), notice="password_set", request=request)
