"""A new password for who is signed in."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import OwnPassword
from notechondria_shared.web.router import Router
from web_service.account.pages import PAGES, beside_form, own_action, own_session
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import CONFIRM, SECURITY, with_next
from web_service.site.person import Person, PersonForm, SignedInPerson, keep_session

router = Router(prefix="/account/password", include_in_schema=False, route_class=PageRoute)
PASSWORD = "/account/password/"  # noqa: S105 - a path


def _page(request: Request, person: Person, refusal: ServiceRefused | None = None) -> Response:
    return PAGES.page(
        request,
        "password.html",
        refusal=refusal,
        token=person.csrf,
    )


@router.get("/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """The form; first to the page that asks for the password that is."""
    overview = await state.own_account.overview(own_session(person), person.assertion)
    if not overview.confirmed:
        return redirect(with_next(CONFIRM, PASSWORD), notice="confirm_first", request=request)
    return _page(request, person)


@router.post("/")
async def change(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """It is set; every other device is signed out."""
    form = OwnPassword(
        password=fields.get("password", ""), end_keys="end_keys" in fields, **own_action(request, person).model_dump()
    )
    try:
        session = await state.own_account.set_password(form, person.assertion)
    except ServiceRefused as refusal:
        return _page(request, person, beside_form(refusal))
    return keep_session(request, redirect(SECURITY, notice="password_changed", request=request), session.token)
