"""What protects one's own account: second factor, recovery codes, app passwords, mails; and its log."""

from __future__ import annotations

from fastapi import Request, Response
from markupsafe import Markup

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import (
    AuthenticatorBegun,
    AuthenticatorCode,
    NamedThing,
    NewPasskey,
    NoticeChoice,
    RecoveryCodes,
)
from notechondria_shared.web.router import Router
from web_service.account.pages import PAGES, SCRIPT, beside_form, own_action, own_session
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import SECURITY
from web_service.site.person import Person, PersonForm, SignedInPerson
from web_service.site.refusals import problems
from web_service.state import WebState

router = Router(prefix="/account", include_in_schema=False, route_class=PageRoute)
_ID_DIGITS = 18
_QR_LONGEST = 500
"""Characters that fit into a QR code, whatever they are."""


@router.get("/security/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """What there is."""
    return await _security(request, state, person)


async def _security(
    request: Request, state: WebState, person: Person, refusal: ServiceRefused | None = None
) -> Response:
    overview = await state.own_account.overview(own_session(person), person.assertion)
    return PAGES.page(
        request,
        "security.html",
        refusal=refusal,
        token=person.csrf,
        overview=overview,
    )


@router.post("/security/authenticator/")
async def begin_authenticator(request: Request, state: State, person: SignedInPerson, _: PersonForm) -> Response:
    """The secret, as a QR code and as text."""
    begun = await state.own_account.begin_authenticator(own_action(request, person), person.assertion)
    return _authenticator_page(request, person, begun)


@router.post("/security/authenticator/finish/")
async def finish_authenticator(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """The authenticator counts, or the form again."""
    begun = AuthenticatorBegun(
        ticket=fields.get("ticket", ""), secret=fields.get("secret", ""), address=fields.get("address", "")
    )
    form = AuthenticatorCode(
        ticket=begun.ticket, code=fields.get("code", "").strip(), **own_action(request, person).model_dump()
    )
    try:
        codes = await state.own_account.finish_authenticator(form, person.assertion)
    except ServiceRefused as refusal:
        if refusal.status == 400 and "code" not in problems(refusal.body):
            # Too late, or sent twice and done the first time: no digits would help this form.
            return redirect(SECURITY, notice="factor_begun", request=request)
        return _authenticator_page(request, person, begun, beside_form(refusal))
    return _added(request, codes)


def _authenticator_page(
    request: Request, person: Person, begun: AuthenticatorBegun, refusal: ServiceRefused | None = None
) -> Response:
    import segno  # noqa: PLC0415 - as in the calendars' pages

    picture = segno.make_qr(begun.address[:_QR_LONGEST] or "-", error="m").svg_inline(scale=4, omitsize=True, border=2)
    return PAGES.page(
        request,
        "authenticator.html",
        refusal=refusal,
        token=person.csrf,
        begun=begun,
        picture=Markup(picture),  # noqa: S704 - drawn here: paths and numbers
    )


def _added(request: Request, codes: RecoveryCodes) -> Response:
    """With the first factor its recovery codes are shown."""
    if codes.codes:
        return PAGES.page(request, "codes.html", codes=codes.codes)
    return redirect(SECURITY, notice="factor_added", request=request)


@router.post("/security/authenticator/remove/")
async def remove_authenticator(request: Request, state: State, person: SignedInPerson, _: PersonForm) -> Response:
    """It does not count any more."""
    await state.own_account.remove_authenticator(own_action(request, person), person.assertion)
    return redirect(SECURITY, notice="factor_removed", request=request)


@router.post("/security/passkeys/")
async def begin_passkey(request: Request, state: State, person: SignedInPerson, _: PersonForm) -> Response:
    """The page on which the browser makes one."""
    return await _passkey_page(request, state, person)


@router.post("/security/passkeys/finish/")
async def finish_passkey(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """The passkey counts, or the page again."""
    form = NewPasskey(
        ticket=fields.get("ticket", ""),
        answer=fields.get("answer", ""),
        name=fields.get("name", ""),
        **own_action(request, person).model_dump(),
    )
    try:
        codes = await state.own_account.finish_new_passkey(form, person.assertion)
    except ServiceRefused as refusal:
        return await _passkey_page(request, state, person, beside_form(refusal))
    return _added(request, codes)


async def _passkey_page(
    request: Request, state: WebState, person: Person, refusal: ServiceRefused | None = None
) -> Response:
    begun = await state.own_account.begin_new_passkey(own_action(request, person), person.assertion)
    return PAGES.page(
        request,
        "new_passkey.html",
        refusal=refusal,
        script=SCRIPT,
        token=person.csrf,
        begun=begun,
    )


@router.post("/security/passkeys/{passkey_id:int}/remove/")
async def remove_passkey(
    request: Request, state: State, person: SignedInPerson, passkey_id: int, _: PersonForm
) -> Response:
    """It does not count any more."""
    await state.own_account.remove_passkey(_known(passkey_id), own_action(request, person), person.assertion)
    return redirect(SECURITY, notice="factor_removed", request=request)


@router.post("/security/recovery-codes/")
async def new_codes(request: Request, state: State, person: SignedInPerson, _: PersonForm) -> Response:
    """Ten new ones."""
    codes = await state.own_account.new_recovery_codes(own_action(request, person), person.assertion)
    return PAGES.page(request, "codes.html", codes=codes.codes)


@router.post("/security/app-passwords/")
async def make_app_password(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """A new one, shown this once."""
    form = NamedThing(name=fields.get("name", ""), **own_action(request, person).model_dump())
    try:
        made = await state.own_account.make_app_password(form, person.assertion)
    except ServiceRefused as refusal:
        return await _security(request, state, person, beside_form(refusal))
    return PAGES.page(request, "app_password.html", password=made.password, name=form.name)


@router.post("/security/app-passwords/{password_id:int}/revoke/")
async def revoke_app_password(
    request: Request, state: State, person: SignedInPerson, password_id: int, _: PersonForm
) -> Response:
    """It signs nobody in any more."""
    await state.own_account.revoke_app_password(_known(password_id), own_action(request, person), person.assertion)
    return redirect(SECURITY, notice="app_password_revoked", request=request)


@router.post("/security/mails/")
async def choose_mails(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """Which mails are sent."""
    form = NoticeChoice(new_devices_only="new_devices_only" in fields, **own_action(request, person).model_dump())
    await state.own_account.choose_notices(form, person.assertion)
    return redirect(SECURITY, notice="notices_chosen", request=request)


@router.get("/log/")
async def log(request: Request, state: State, person: SignedInPerson) -> Response:
    """The security log, a page of it."""
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _ID_DIGITS else 0
    page = await state.own_account.log(before, person.assertion)
    return PAGES.page(request, "log.html", page=page, last=page.events[-1].id if page.events else 0)


def _known(number: int) -> int:
    """An id that a row may have: no row has a longer one."""
    return number if number < 10**_ID_DIGITS else 0
