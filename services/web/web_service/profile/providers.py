"""Linking the account with Google or GitHub, and ending that."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router
from web_service.account.offers import LINK, to_provider
from web_service.account.pages import own_action, own_session
from web_service.dependencies import State
from web_service.profile.pages import PAGES, PROFILE, provider_name
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import CONFIRM, with_next
from web_service.site.person import PersonForm, SignedInPerson
from web_service.site.texts import text

router = Router(prefix="/account/profile/providers", include_in_schema=False, route_class=PageRoute)


@router.post("/{provider}/link/")
async def link(request: Request, state: State, person: SignedInPerson, provider: str, _: PersonForm) -> Response:
    """To the provider; first to the page that asks for the password."""
    overview = await state.own_account.overview(own_session(person), person.assertion)
    if not overview.confirmed:
        return redirect(with_next(CONFIRM, PROFILE), notice="confirm_first", request=request)
    return await to_provider(request, state, provider, intent=LINK, target=PROFILE)


@router.get("/{provider}/unlink/")
async def ask_unlink(request: Request, state: State, person: SignedInPerson, provider: str) -> Response:
    """Whether it is to sign nobody in any more."""
    if provider not in (await state.own_profile.profile(person.assertion)).providers:
        raise NotFound(text("profile", "not_linked"))
    action = f"{PROFILE}providers/{provider}/unlink/"
    return PAGES.ask(request, "unlink", action, PROFILE, name=provider_name(provider))


@router.post("/{provider}/unlink/")
async def unlink(request: Request, state: State, person: SignedInPerson, provider: str, _: PersonForm) -> Response:
    """It does not."""
    if provider not in (await state.own_profile.profile(person.assertion)).providers:
        raise NotFound(text("profile", "not_linked"))
    try:
        await state.own_profile.unlink(provider, own_action(request, person), person.assertion)
    except ServiceRefused as refusal:
        if refusal.status != 400:
            raise
        return redirect(PROFILE, notice="last_way", request=request)
    return redirect(PROFILE, notice="provider_unlinked", request=request)
