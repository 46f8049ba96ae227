"""Password and second factor again, before what protects the account is changed."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import Confirmation, ConfirmStep
from notechondria_shared.core.digits import plain_digits
from notechondria_shared.web.router import Router
from web_service.account.pages import PAGES, SCRIPT, beside_form, own_action
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import own_path
from web_service.site.person import Person, PersonForm, SignedInPerson

router = Router(prefix="/account/confirm", include_in_schema=False, route_class=PageRoute)


@router.get("/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """The form."""
    step = await state.own_account.begin_confirmation(own_action(request, person), person.assertion)
    return _page(request, person, step, own_path(request.query_params.get("next", "")))


@router.post("/mail/")
async def mail(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """A code by mail, for an account without a password."""
    step = await state.own_account.begin_confirmation(own_action(request, person), person.assertion, mail=True)
    return _page(request, person, step, own_path(fields.get("next", "")))


@router.post("/")
async def confirm(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """On to what was to be changed, or the form again."""
    target = own_path(fields.get("next", ""))
    form = Confirmation(
        password=fields.get("password", ""),
        mailed_code=plain_digits(fields.get("mailed_code", "")),
        ticket=fields.get("ticket", ""),
        code=fields.get("code", "").strip(),
        passkey=fields.get("answer", ""),
        **own_action(request, person).model_dump(),
    )
    try:
        await state.own_account.confirm(form, person.assertion)
    except ServiceRefused as refusal:
        beside_form(refusal)
        step = await state.own_account.begin_confirmation(own_action(request, person), person.assertion)
        return _page(request, person, step, target, refusal)
    return redirect(target, notice="confirmed", request=request)


def _page(
    request: Request, person: Person, step: ConfirmStep, target: str, refusal: ServiceRefused | None = None
) -> Response:
    options = step.step.passkey_options if step.step else ""
    return PAGES.page(
        request,
        "confirm.html",
        refusal=refusal,
        script=SCRIPT if options else "",
        token=person.csrf,
        target=target,
        asked=step,
    )
