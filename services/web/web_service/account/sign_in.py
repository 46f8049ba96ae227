"""Signing in and out: identity decides, by the same password check and limits as at `/auth/login/`."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import AppRequest, PersonSignIn
from web_service.account import offers
from web_service.account.finish import finish
from web_service.account.pages import PAGES, TYPED_WRONG, visitor
from web_service.dependencies import State
from web_service.site.forms import StrangersForm
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import SIGN_IN, own_path
from web_service.site.person import MaybePerson, PersonForm, SignedInPerson, forget_session
from web_service.site.refusals import kept_headers, plain_problems
from web_service.state import WebState

router = APIRouter(include_in_schema=False, route_class=PageRoute)
APPS = "/account/apps/"


async def _page(
    request: Request,
    state: WebState,
    form: StrangersForm,
    target: str,
    *,
    name: str = "",
    refusal: ServiceRefused | None = None,
) -> Response:
    offer = await state.people.offer()
    answer = PAGES.page(
        request,
        "sign_in.html",
        status=refusal.status if refusal else 200,
        headers=kept_headers(refusal),
        form_targets=offers.origins(offer),
        token=form.token,
        offer=offer,
        app=await _app(state, target),
        target=target,
        name=name,
        problems=plain_problems(refusal),
    )
    return form.keep(answer)


async def _app(state: WebState, target: str) -> str:
    """The host of the app that sent its person here; "" when none of this server's did."""
    path, _, query = target.partition("?")
    address = parse_qs(query).get("redirect_uri", [""])[0] if path == APPS else ""
    if not address:
        return ""
    try:
        return urlsplit((await state.people.app_origin(AppRequest(redirect_uri=address))).origin).netloc
    except ServiceRefused:
        return ""


@router.get("/sign-in/")
async def show(request: Request, state: State, person: MaybePerson) -> Response:
    """The form; who is signed in already is led on."""
    target = own_path(request.query_params.get("next", ""))
    return redirect(target) if person else await _page(request, state, StrangersForm(request, state), target)


@router.post("/sign-in/")
async def sign_in(request: Request, state: State) -> Response:
    """A session like any other, its token in a cookie; 400 and 429 are shown beside the form."""
    form = StrangersForm(request, state)
    fields = await form.fields()
    target, name = own_path(fields.get("next", "")), fields.get("identifier", "")
    typed = PersonSignIn(identifier=name, password=fields.get("password", ""), **visitor(request).model_dump())
    try:
        outcome = await state.people.sign_in(typed)
    except ServiceRefused as refusal:
        if refusal.status not in TYPED_WRONG:
            raise
        return await _page(request, state, form, target, name=name, refusal=refusal)
    return finish(request, state, outcome, target)


@router.post("/sign-out/")
async def sign_out(request: Request, state: State, person: SignedInPerson, _: PersonForm) -> Response:
    """End the session."""
    await state.people.sign_out(person.session_id, person.assertion)
    return forget_session(request, redirect(SIGN_IN, notice="signed_out", request=request))
