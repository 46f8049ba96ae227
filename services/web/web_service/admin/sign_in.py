"""Coming in and going out: identity decides, by the same password check and limits as at `/auth/login/`."""

from __future__ import annotations

import re
import secrets

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.staff import StaffSignIn
from notechondria_shared.core.forwarded import client_address
from notechondria_shared.web.router import Router
from web_service.admin.entry import (
    COOKIE,
    FORM_COOKIE,
    OwnForm,
    SignedIn,
    cookie_flags,
    form_token,
)
from web_service.admin.pages import HOME, SIGN_IN, PageRoute, page, redirect
from web_service.dependencies import State
from web_service.site.cookies import cookie_name
from web_service.site.forms import read_form
from web_service.site.refusals import kept_headers, problems
from web_service.site.request_cookies import cookie_of
from web_service.state import WebState

router = Router(prefix="/admin", include_in_schema=False, route_class=PageRoute)
_INSIDE = re.compile(r"/admin/[a-z0-9/-]*")
_SECRET = re.compile(r"[0-9a-f]{32}")


def _target(path: str) -> str:
    """Where to go after signing in: only within this site."""
    return path if _INSIDE.fullmatch(path) and "//" not in path else HOME


def _form(
    request: Request,
    state: WebState,
    target: str,
    *,
    name: str = "",
    refusal: ServiceRefused | None = None,
    notice: str = "",
) -> Response:
    secret = cookie_of(request, cookie_name(request, FORM_COOKIE))
    if not _SECRET.fullmatch(secret):
        secret = secrets.token_hex(16)
    answer = page(
        request,
        "sign_in.html",
        status=refusal.status if refusal else 200,
        headers=kept_headers(refusal) if refusal else None,
        token=form_token(state, secret),
        target=target,
        name=name,
        problems=problems(refusal.body) if refusal else {},
        notice=notice,
    )
    answer.set_cookie(cookie_name(request, FORM_COOKIE), secret, **cookie_flags(request))
    return answer


@router.get("/sign-in/")
async def show(request: Request, state: State) -> Response:
    """The form."""
    notice = "You are signed out." if request.query_params.get("done") == "signed-out" else ""
    return _form(request, state, _target(request.query_params.get("next", "")), notice=notice)


@router.post("/sign-in/")
async def sign_in(request: Request, state: State) -> Response:
    """A session like any other, its token in a cookie; 400 and 429 as `/auth/login/`, 403 for non-staff."""
    fields = await read_form(request, form_token(state, cookie_of(request, cookie_name(request, FORM_COOKIE))))
    target, name = _target(fields.get("next", "")), fields.get("identifier", "")
    form = StaffSignIn(
        identifier=name,
        password=fields.get("password", ""),
        user_agent=request.headers.get("user-agent", ""),
        address=client_address(request),
        code=fields.get("code", "").strip(),
    )
    try:
        session = await state.identity.staff_sign_in(form)
    except ServiceRefused as refusal:
        if refusal.status not in {400, 429}:
            raise
        return _form(request, state, target, name=name, refusal=refusal)
    answer = redirect(target)
    answer.set_cookie(cookie_name(request, COOKIE), session.token, **cookie_flags(request))
    answer.delete_cookie(cookie_name(request, FORM_COOKIE), **cookie_flags(request))
    return answer


@router.post("/sign-out/")
async def sign_out(request: Request, state: State, staff: SignedIn, _: OwnForm) -> Response:
    """End the session."""
    await state.identity.staff_sign_out(staff.session_id, staff.assertions["identity"])
    answer = redirect(SIGN_IN, done="signed-out")
    answer.delete_cookie(cookie_name(request, COOKIE), **cookie_flags(request))
    return answer
