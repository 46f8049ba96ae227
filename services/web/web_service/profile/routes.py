"""Pages below `/account/profile/`."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.own_profile import AddressCode, Farewell, NewAddress, OwnProfile, ProfileChange
from notechondria_shared.core.digits import plain_digits
from notechondria_shared.web.router import Router
from web_service.account import offers
from web_service.account.pages import beside_form, own_action, own_session
from web_service.dependencies import State
from web_service.profile.pages import PAGES, PROFILE
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import CONFIRM, with_next
from web_service.site.person import Person, PersonForm, SignedInPerson, forget_session
from web_service.site.uploads import uploaded
from web_service.state import WebState

router = Router(prefix="/account/profile", include_in_schema=False, route_class=PageRoute)
ADDRESS, DELETE = f"{PROFILE}address/", f"{PROFILE}delete/"
PICTURE_MIB = 5
NAMES = ("username", "display_name", "first_name", "last_name", "motto", "social_link", "timezone")


@cache
def _zones() -> list[tuple[str, str]]:
    """The zones that places are in, by name; not the abbreviations and old names beside them."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return [("", "UTC"), *((name, name.replace("_", " ")) for name in names)]


@router.get("/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """Names, picture and zone."""
    return await _page(request, state, person)


async def _page(
    request: Request,
    state: WebState,
    person: Person,
    typed: dict[str, str] | None = None,
    refusal: ServiceRefused | None = None,
) -> Response:
    profile = await state.own_profile.profile(person.assertion)
    shown = {name: getattr(profile, name) for name in NAMES} if typed is None else typed
    offer = await state.people.offer()
    zones = _zones()
    if shown.get("timezone") and shown["timezone"] not in dict(zones):
        zones = [(shown["timezone"], shown["timezone"]), *zones]
    return PAGES.page(
        request,
        "profile.html",
        refusal=refusal,
        form_targets=offers.origins(offer),
        token=person.csrf,
        profile=profile,
        offered=[one.name for one in offer.providers if one.name not in profile.providers],
        typed=shown,
        zones=zones,
        mib=PICTURE_MIB,
    )


@router.post("/")
async def change(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """They are changed, or the form again."""
    typed = {name: fields.get(name, "") for name in NAMES}
    try:
        await state.own_profile.change(ProfileChange(**typed), person.assertion)
    except ServiceRefused as refusal:
        return await _page(request, state, person, typed, beside_form(refusal))
    return redirect(PROFILE, notice="profile_changed", request=request)


@router.post("/picture/")
async def set_picture(request: Request, state: State, person: SignedInPerson) -> Response:
    """Another picture."""
    try:
        async with uploaded(request, state, person, mib=PICTURE_MIB, max_files=1) as form:
            picture = form.files.get("avatar")
            if picture is None or not picture.filename:
                return redirect(PROFILE)
            media_type = picture.content_type or "application/octet-stream"
            await state.own_profile.set_picture(picture.filename, picture.file, media_type, person.assertion)
    except ServiceRefused as refusal:
        return await _page(request, state, person, None, beside_form(refusal))
    return redirect(PROFILE, notice="picture_changed", request=request)


async def _confirmed(state: WebState, person: Person) -> bool:
    return (await state.own_account.overview(own_session(person), person.assertion)).confirmed


@router.get("/address/")
async def show_address(request: Request, state: State, person: SignedInPerson) -> Response:
    """The form for another address; first to the page that asks for the password."""
    if not await _confirmed(state, person):
        return redirect(with_next(CONFIRM, ADDRESS), notice="confirm_first", request=request)
    profile = await state.own_profile.profile(person.assertion)
    return _address_form(request, person, "" if profile.is_proved else profile.email)


def _address_form(request: Request, person: Person, typed: str, refusal: ServiceRefused | None = None) -> Response:
    return PAGES.page(request, "address.html", refusal=refusal, token=person.csrf, typed=typed)


@router.post("/address/")
async def begin_address(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """Mail the code, and ask for it."""
    address = fields.get("new_email", "").strip()
    form = NewAddress(new_email=address, **own_action(request, person).model_dump())
    try:
        asked = await state.own_profile.begin_address(form, person.assertion)
    except ServiceRefused as refusal:
        return _address_form(request, person, address, beside_form(refusal))
    return _code_form(request, person, address, mail="sent" if asked.sent else "unsent")


def _code_form(
    request: Request, person: Person, address: str, *, mail: str = "", refusal: ServiceRefused | None = None
) -> Response:
    return PAGES.page(request, "address_code.html", refusal=refusal, token=person.csrf, address=address, mail=mail)


@router.post("/address/code/")
async def confirm_address(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """It is the account's address, or the form again."""
    address = fields.get("new_email", "")
    form = AddressCode(
        new_email=address, code=plain_digits(fields.get("code", "")), **own_action(request, person).model_dump()
    )
    try:
        await state.own_profile.confirm_address(form, person.assertion)
    except ServiceRefused as refusal:
        return _code_form(request, person, address, refusal=beside_form(refusal))
    return redirect(PROFILE, notice="address_changed", request=request)


@router.get("/delete/")
async def ask_delete(request: Request, state: State, person: SignedInPerson) -> Response:
    """Whether all of it is to go; first to the page that asks for the password."""
    if not await _confirmed(state, person):
        return redirect(with_next(CONFIRM, DELETE), notice="confirm_first", request=request)
    return await _delete_page(request, state, person)


async def _delete_page(
    request: Request, state: WebState, person: Person, refusal: ServiceRefused | None = None
) -> Response:
    profile: OwnProfile = await state.own_profile.profile(person.assertion)
    return PAGES.page(request, "delete.html", refusal=refusal, token=person.csrf, profile=profile)


@router.post("/delete/")
async def delete(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """All of it is gone."""
    form = Farewell(username=fields.get("username", ""), **own_action(request, person).model_dump())
    try:
        await state.own_profile.delete_account(form, person.assertion)
    except ServiceRefused as refusal:
        return await _delete_page(request, state, person, beside_form(refusal))
    return forget_session(request, redirect("/account/sign-in/", notice="account_deleted", request=request))
