"""Where one is signed in; each can be signed out, or all others at once."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_shared.web.router import Router
from web_service.account.pages import PAGES, own_session
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import PersonForm, SignedInPerson

router = Router(prefix="/account/devices", include_in_schema=False, route_class=PageRoute)
DEVICES = "/account/devices/"
_ID_DIGITS = 18


@router.get("/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """The list."""
    devices = await state.own_account.devices(person.assertion)
    return PAGES.page(request, "devices.html", token=person.csrf, devices=devices)


@router.post("/{device_id:int}/sign-out/")
async def sign_out(request: Request, state: State, person: SignedInPerson, device_id: int, _: PersonForm) -> Response:
    """End a session; one's own too."""
    await state.own_account.end_device(device_id if device_id < 10**_ID_DIGITS else 0, person.assertion)
    return redirect(DEVICES, notice="session_ended", request=request)


@router.get("/others/")
async def ask_others(request: Request, _: SignedInPerson) -> Response:
    """Whether all other devices are to be signed out."""
    return PAGES.ask(request, "sign_out_others", f"{DEVICES}others/", DEVICES)


@router.post("/others/")
async def sign_out_others(request: Request, state: State, person: SignedInPerson, _: PersonForm) -> Response:
    """End every session but this one."""
    await state.own_account.end_other_devices(own_session(person), person.assertion)
    return redirect(DEVICES, notice="others_signed_out", request=request)
