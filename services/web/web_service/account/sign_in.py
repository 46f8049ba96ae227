"""Signing in and out: identity decides, by the same password check and limits as at `/auth/login/`."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import AppRequest, PersonSignIn
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.web.router import Router
from web_service.account import offers
from web_service.account.finish import finish
from web_service.account.pages import PAGES, StrangersEmpty, StrangersTyped, Typed, beside_form, visitor
from web_service.dependencies import State
from web_service.site.forms import read_form
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import SIGN_IN
from web_service.site.person import MaybePerson, forget_session
from web_service.state import WebState

router = Router(prefix="/account", include_in_schema=False, route_class=PageRoute)
APPS = "/account/apps/"


async def _page(request: Request, state: WebState, typed: Typed, refusal: ServiceRefused | None = None) -> Response:
    offer = await state.people.offer()
    answer = PAGES.page(
        request,
        "sign_in.html",
        refusal=refusal,
        form_targets=offers.origins(offer),
        token=typed.form.token,
        offer=offer,
        app=await _app(state, typed.target),
        target=typed.target,
        name=typed.text("identifier"),
    )
    return typed.form.keep(answer)


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
async def show(request: Request, state: State, person: MaybePerson, empty: StrangersEmpty) -> Response:
    """The form; who is signed in already is led on."""
    return redirect(empty.target) if person else await _page(request, state, empty)


@router.post("/sign-in/")
async def sign_in(request: Request, state: State, typed: StrangersTyped) -> Response:
    """A session like any other, its token in a cookie; 400 and 429 are shown beside the form."""
    sent = PersonSignIn(
        identifier=typed.text("identifier"), password=typed.text("password"), **visitor(request).model_dump()
    )
    try:
        outcome = await state.people.sign_in(sent)
    except ServiceRefused as refusal:
        return await _page(request, state, typed, beside_form(refusal))
    return finish(request, state, outcome, typed.target)


@router.post("/sign-out/")
async def sign_out(request: Request, state: State, person: MaybePerson) -> Response:
    """End the session, if it has not ended by itself."""
    if person is not None:
        await read_form(request, person.csrf)
        await state.people.sign_out(person.session_id, person.assertion)
    return forget_session(request, redirect(SIGN_IN, notice="signed_out", request=request))
