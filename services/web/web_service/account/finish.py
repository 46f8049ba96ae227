"""The end of every way of signing in: the session is in the browser, or the second step is shown."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import SecondStep, SignInOutcome
from web_service.account.pages import PAGES, SCRIPT
from web_service.site.forms import StrangersForm
from web_service.site.pages import SignInNeededError, redirect
from web_service.site.person import keep_session
from web_service.state import WebState


def finish(request: Request, state: WebState, outcome: SignInOutcome, target: str) -> Response:
    """On to `target`, signed in; or to the second step, where the account asks for one."""
    if outcome.step is not None:
        return step_page(request, StrangersForm(request, state), outcome.step, target)
    if outcome.session is None:
        raise SignInNeededError
    return keep_session(request, redirect(target), outcome.session.token)


def step_page(
    request: Request, form: StrangersForm, step: SecondStep, target: str, refusal: ServiceRefused | None = None
) -> Response:
    """The form of the second step."""
    answer = PAGES.page(
        request,
        "second_step.html",
        refusal=refusal,
        script=SCRIPT if step.passkey_options else "",
        token=form.token,
        target=target,
        step=step,
    )
    return form.keep(answer)
