"""The second step of signing in, and signing in with a passkey alone."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import PasskeyAnswer, PasskeyBegun, StepAnswer, StepTicket
from notechondria_shared.web.router import Router
from web_service.account.finish import finish, step_page
from web_service.account.pages import PAGES, SCRIPT, StrangersTyped, beside_form, visitor
from web_service.dependencies import State
from web_service.site.forms import StrangersForm
from web_service.site.pages import PageRoute

router = Router(prefix="/account", include_in_schema=False, route_class=PageRoute)


@router.post("/second-step/")
async def second_step(request: Request, state: State, typed: StrangersTyped) -> Response:
    """Signed in, or the form again while its ticket counts."""
    ticket = typed.text("ticket")
    answer = StepAnswer(
        ticket=ticket,
        code=typed.text("code").strip(),
        passkey=typed.text("answer"),
        **visitor(request).model_dump(),
    )
    try:
        outcome = await state.people.second_step(answer)
    except ServiceRefused as refusal:
        beside_form(refusal)
        # It may have been the last try: then this says so.
        step = await state.people.step(StepTicket(ticket=ticket))
        return step_page(request, typed.form, step, typed.target, refusal)
    return finish(request, state, outcome, typed.target)


@router.post("/passkey/")
async def begin_passkey(request: Request, state: State, typed: StrangersTyped) -> Response:
    """The page on which the browser asks for the passkey."""
    begun = await state.people.begin_passkey(visitor(request))
    return _passkey_page(request, typed.form, begun, typed.target)


@router.post("/passkey/finish/")
async def finish_passkey(request: Request, state: State, typed: StrangersTyped) -> Response:
    """Signed in, or once more with a new challenge."""
    answer = PasskeyAnswer(ticket=typed.text("ticket"), answer=typed.text("answer"), **visitor(request).model_dump())
    try:
        outcome = await state.people.finish_passkey(answer)
    except ServiceRefused as refusal:
        beside_form(refusal)
        begun = await state.people.begin_passkey(visitor(request))
        return _passkey_page(request, typed.form, begun, typed.target, refusal)
    return finish(request, state, outcome, typed.target)


def _passkey_page(
    request: Request, form: StrangersForm, begun: PasskeyBegun, target: str, refusal: ServiceRefused | None = None
) -> Response:
    answer = PAGES.page(
        request,
        "passkey.html",
        refusal=refusal,
        script=SCRIPT,
        token=form.token,
        target=target,
        begun=begun,
        at_once=refusal is None,
    )
    return form.keep(answer)
