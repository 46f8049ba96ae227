"""The endpoints where programs get, renew and give back tokens (RFC 6749 §3.2, RFC 7009)."""

from __future__ import annotations

from fastapi import Request, Response

from identity_service.authorization.clients import service as clients
from identity_service.authorization.errors import NOT_KEPT, OAuthError
from identity_service.authorization.forms import read_form
from identity_service.authorization.limits import refusals_counted
from identity_service.authorization.tokens import service
from identity_service.dependencies import State
from identity_service.sessions.devices import Device
from notechondria_shared.web.answers import Json
from notechondria_shared.web.router import Router

router = Router(include_in_schema=False)
_EXCHANGES = {"authorization_code": service.redeem, "refresh_token": service.renew}


@router.post("/oauth/token")
@router.post("/oauth/token/")
async def token(request: Request, state: State) -> Json:
    """Tokens for a code or a refresh token."""
    form = await read_form(request)
    async with refusals_counted(request):
        exchange = _EXCHANGES.get(form.get("grant_type", ""))
        if exchange is None:
            if "grant_type" not in form:
                raise OAuthError("invalid_request", "grant_type is missing.")
            raise OAuthError("unsupported_grant_type", f"There are {' and '.join(_EXCHANGES)}.")
        claim = clients.claimed(request.headers.get("authorization"), form)
        async with state.database.transaction() as db:
            client = await clients.authenticate(db, claim)
            sent = service.TokenRequest(form, Device.of(request), state.settings.public_base_url)
            answer = await exchange(db, client, sent)
            await clients.mark_used(db, client)
    return Json(answer.model_dump(), headers=NOT_KEPT)


@router.post("/oauth/revoke")
@router.post("/oauth/revoke/")
async def revoke(request: Request, state: State) -> Response:
    """200 whether or not there was such a token."""
    form = await read_form(request)
    async with refusals_counted(request):
        claim = clients.claimed(request.headers.get("authorization"), form)
        if "token" not in form:
            raise OAuthError("invalid_request", "token is missing.")
        async with state.database.transaction() as db:
            client = await clients.authenticate(db, claim)
            await service.revoke(db, client, form["token"], Device.of(request))
    return Json({}, headers=NOT_KEPT)
