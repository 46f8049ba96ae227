"""The buttons of the providers, and signing in or up with one of them (identity §10.3)."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.own_profile import ProviderLink
from notechondria_contracts.internal.people import ProviderAnswer, ProviderOffer, SiteOffer
from notechondria_shared.core.errors import BadRequest, NotFound
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.web.router import Router
from web_service.account.finish import finish
from web_service.account.pages import StrangersTyped, own_action, visitor
from web_service.dependencies import State
from web_service.site.cookies import cookie_flags, cookie_name
from web_service.site.pages import HEADERS, PageRoute, SignInNeededError, redirect
from web_service.site.paths import HOME, own_path, with_next
from web_service.site.person import MaybePerson, Person
from web_service.site.request_cookies import cookie_of
from web_service.site.texts import text
from web_service.state import WebState

router = Router(prefix="/account", include_in_schema=False, route_class=PageRoute)
COOKIE = "notechondria_site_provider"
LIFE = 600
LINK = "link"
"""The intent of who is signed in, and wants one more way to sign in."""
_SUFFIX = "_site"
"""By it the callback that providers know already hands on to this one (identity §10.5)."""
_LONGEST = 2000
"""Characters of a path that a cookie keeps; browsers take 4,096 of it all."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a browser keeps while its person is at a provider."""

    state: str
    provider: str
    redirect_uri: str
    intent: str
    invitation: str
    target: str


def origins(offer: SiteOffer) -> list[str]:
    """The origins that the buttons lead to, for the policy of the page that has them."""
    parts = [urlsplit(provider.authorize_url) for provider in offer.providers]
    return [f"{one.scheme}://{one.netloc}" for one in parts]


@router.post("/{provider}/begin/")
async def begin(request: Request, state: State, provider: str, typed: StrangersTyped) -> Response:
    """To the provider, with a state that only this browser knows (RFC 9700 §4.7)."""
    return await to_provider(
        request,
        state,
        provider,
        intent="register" if typed.text("intent") == "register" else "login",
        invitation=typed.text("invitation_code")[:256],
        target=typed.target,
    )


async def to_provider(
    request: Request, state: WebState, provider: str, *, intent: str, target: str, invitation: str = ""
) -> Response:
    """To the provider's page, and `intent` kept for when it sends the browser back."""
    offered = await _offered(state, provider)
    begun = Begun(
        state=secrets.token_hex(16) + _SUFFIX,
        provider=provider,
        redirect_uri=offered.redirect_uri,
        intent=intent,
        invitation=invitation,
        target=target if len(target) <= _LONGEST else HOME,
    )
    query = {
        "client_id": offered.client_id,
        "redirect_uri": offered.redirect_uri,
        "response_type": "code",
        "scope": offered.scope,
        "state": begun.state,
    }
    answer = RedirectResponse(f"{offered.authorize_url}?{urlencode(query)}", 303, headers=HEADERS)
    kept = base64.urlsafe_b64encode(json.dumps(asdict(begun)).encode()).decode()
    answer.set_cookie(cookie_name(request, COOKIE), kept, max_age=LIFE, **cookie_flags(request))
    return answer


@router.get("/{provider}/callback/")
async def callback(request: Request, state: State, provider: str, person: MaybePerson) -> Response:
    """Back from the provider: signed in, or linked, or why not."""
    begun = _begun(request)
    sent = request.query_params.get("state", "")
    if begun is None or begun.provider != provider or not secrets.compare_digest(begun.state.encode(), sent.encode()):
        raise BadRequest(text("providers", "too_old"))
    name = {"google": "Google", "github": "GitHub"}[provider]
    code = request.query_params.get("code", "")
    if not code:
        raise BadRequest(text("providers", "refused").format(name=name))
    if begun.intent == LINK:
        return await _linked(request, state, person, begun, code[:8192])
    form = ProviderAnswer(
        provider=provider,
        code=code[:8192],
        redirect_uri=begun.redirect_uri,
        intent=begun.intent,
        invitation_code=begun.invitation,
        **visitor(request).model_dump(),
    )
    try:
        outcome = await state.people.provider(form)
    except ServiceRefused as refusal:
        if refusal.status != 404:
            raise
        answer: Response = redirect(
            with_next("/account/sign-up/", begun.target), notice="nobody_linked", request=request
        )
    else:
        answer = finish(request, state, outcome, begun.target)
    answer.delete_cookie(cookie_name(request, COOKIE), **cookie_flags(request))
    return answer


async def _linked(request: Request, state: WebState, person: Person | None, begun: Begun, code: str) -> Response:
    if person is None:
        raise SignInNeededError
    form = ProviderLink(
        provider=begun.provider,
        code=code,
        redirect_uri=begun.redirect_uri,
        **own_action(request, person).model_dump(),
    )
    await state.own_profile.link(form, person.assertion)
    answer = redirect(begun.target, notice="provider_linked", request=request)
    answer.delete_cookie(cookie_name(request, COOKIE), **cookie_flags(request))
    return answer


def _begun(request: Request) -> Begun | None:
    try:
        kept = json.loads(base64.urlsafe_b64decode(cookie_of(request, cookie_name(request, COOKIE))))
        begun = Begun(**{name: str(kept[name]) for name in Begun.__slots__})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return begun if begun.provider in {"google", "github"} and begun.target == own_path(begun.target) else None


async def _offered(state: WebState, provider: str) -> ProviderOffer:
    for offered in (await state.people.offer()).providers:
        if offered.name == provider:
            return offered
    raise NotFound(text("errors", "no_page"))
