"""The second step of signing in, and signing in with a passkey alone."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import PasskeyAnswer, PasskeyBegun, StepAnswer, StepTicket
from web_service.account.finish import finish, step_page
from web_service.account.pages import PAGES, SCRIPT, TYPED_WRONG, visitor
from web_service.dependencies import State
from web_service.site.forms import StrangersForm
from web_service.site.pages import PageRoute
from web_service.site.paths import own_path
from web_service.site.refusals import kept_headers, plain_problems

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.post("/second-step/")
async def second_step(request: Request, state: State) -> Response:
    """Signed in, or the form again while its ticket counts."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target, ticket = own_path(fields.get("next", "")), fields.get("ticket", "")
    answer = StepAnswer(
        ticket=ticket,
        code=fields.get("code", "").strip(),
        passkey=fields.get("answer", ""),
        **visitor(request).model_dump(),
    )
    try:
        outcome = await state.people.second_step(answer)
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        # It may have been the last try: then this says so.
        step = await state.people.step(StepTicket(ticket=ticket))
        return step_page(request, form, step, target, refusal)
    return finish(request, state, outcome, target)


@router.post("/passkey/")
async def begin_passkey(request: Request, state: State) -> Response:
    """The page on which the browser asks for the passkey."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    begun = await state.people.begin_passkey(visitor(request))
    return _passkey_page(request, form, begun, own_path(fields.get("next", "")))


@router.post("/passkey/finish/")
async def finish_passkey(request: Request, state: State) -> Response:
    """Signed in, or once more with a new challenge."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target = own_path(fields.get("next", ""))
    answer = PasskeyAnswer(
        ticket=fields.get("ticket", ""), answer=fields.get("answer", ""), **visitor(request).model_dump()
    )
    try:
        outcome = await state.people.finish_passkey(answer)
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        begun = await state.people.begin_passkey(visitor(request))
        return _passkey_page(request, form, begun, target, refusal)
    return finish(request, state, outcome, target)


def _passkey_page(
    request: Request, form: StrangersForm, begun: PasskeyBegun, target: str, refusal: ServiceRefused | None = None
) -> Response:
    answer = PAGES.page(
        request,
        "passkey.html",
        status=refusal.status if refusal else 200,
        headers=kept_headers(refusal),
        script=SCRIPT,
        token=form.token,
        target=target,
        begun=begun,
        at_once=refusal is None,
        problems=plain_problems(refusal),
    )
    return form.keep(answer)
