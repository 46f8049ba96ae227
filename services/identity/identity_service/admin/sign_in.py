"""Coming in and going out: identity's own accounts, the same password check and limits as `/auth/login/`."""

from __future__ import annotations

import re
import secrets

from fastapi import APIRouter, Request, Response

from identity_service.accounts.schemas import Login
from identity_service.accounts.sign_in import load_verified_user, verify_credentials
from identity_service.admin.entry import (
    COOKIE,
    FORM_COOKIE,
    NOT_STAFF,
    OwnForm,
    SignedIn,
    cookie_flags,
    form_token,
    read_form,
)
from identity_service.admin.pages import HOME, SIGN_IN, PageRoute, page, problems, redirect
from identity_service.admin.record import record
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from notechondria_shared.core.errors import ApiError, Forbidden
from notechondria_shared.db import Database
from notechondria_shared.web.body import validate

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_INSIDE = re.compile(r"/admin/[a-z0-9/-]*")
_SECRET = re.compile(r"[0-9a-f]{32}")


def _target(wanted: str) -> str:
    """Where to go after signing in: only within this site."""
    return wanted if _INSIDE.fullmatch(wanted) and "//" not in wanted else HOME


def _form(request: Request, target: str, name: str = "", refusal: ApiError | None = None, notice: str = "") -> Response:
    secret = request.cookies.get(FORM_COOKIE, "")
    if not _SECRET.fullmatch(secret):
        secret = secrets.token_hex(16)
    answer = page(
        request,
        "sign_in.html",
        status=refusal.status if refusal else 200,
        headers=refusal.headers if refusal else None,
        token=form_token(request, secret),
        target=target,
        name=name,
        problems=problems(refusal) if refusal else {},
        notice=notice,
    )
    answer.set_cookie(FORM_COOKIE, secret, **cookie_flags(request))
    return answer


@router.get("/sign-in/")
async def show(request: Request) -> Response:
    """The form."""
    notice = "You are signed out." if request.query_params.get("done") == "signed-out" else ""
    return _form(request, _target(request.query_params.get("next", "")), notice=notice)


@router.post("/sign-in/")
async def sign_in(request: Request) -> Response:
    """Mint a session like any other, its token in a cookie; 400 and 429 as `/auth/login/`, 403 for non-staff."""
    fields = await read_form(request, form_token(request, request.cookies.get(FORM_COOKIE, "")))
    target = _target(fields.get("next", ""))
    try:
        proved = await verify_credentials(
            request, validate(Login, {name: fields.get(name, "") for name in ("identifier", "password")})
        )
        database: Database = request.app.state.database
        async with database.transaction() as db:
            account = await load_verified_user(db, proved)
            if not account.is_staff:
                raise Forbidden(NOT_STAFF)
            token, row = await sessions.mint(db, account.id, Device.of(request))
    except ApiError as refusal:
        if refusal.status not in {400, 429}:
            raise
        return _form(request, target, fields.get("identifier", ""), refusal)
    record(account.id, "sign-in", f"sessions/{row.id}")
    answer = redirect(target)
    answer.set_cookie(COOKIE, token, **cookie_flags(request))
    answer.delete_cookie(FORM_COOKIE, **cookie_flags(request))
    return answer


@router.post("/sign-out/")
async def sign_out(request: Request, staff: SignedIn, _: OwnForm) -> Response:
    """End the session."""
    database: Database = request.app.state.database
    async with database.transaction() as db:
        await sessions.revoke(db, staff.id, staff.session_id)
    record(staff.id, "sign-out", f"sessions/{staff.session_id}")
    answer = redirect(SIGN_IN, done="signed-out")
    answer.delete_cookie(COOKIE, **cookie_flags(request))
    return answer
