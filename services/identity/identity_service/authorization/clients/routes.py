"""Registration of programs by themselves (RFC 7591), and its end (RFC 7592)."""

from __future__ import annotations

from fastapi import Request, Response

from identity_service.authorization.clients import service
from identity_service.authorization.clients.schemas import (
    NewConfidential,
    NewRegistration,
    Registration,
    checked_registration,
)
from identity_service.authorization.errors import NOT_KEPT
from identity_service.authorization.forms import read_document
from identity_service.authorization.grants import end_of_client
from identity_service.authorization.limits import count_registration
from identity_service.authorization.resources import issuer_of
from identity_service.authorization_models import OAuthClient
from identity_service.dependencies import State
from notechondria_shared.core.errors import InvalidAccessToken
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.router import Router

router = Router(include_in_schema=False)


@router.post("/oauth/register")
@router.post("/oauth/register/")
async def register(request: Request, state: State) -> Json:
    """A new client; its tokens and secret are shown this once. Limited per network."""
    metadata = checked_registration(await read_document(request, "invalid_client_metadata"))
    async with state.database.transaction() as db:
        await count_registration(request, db)
        made = await service.register(db, metadata)
    shown = _shown(made.client, state.settings.public_base_url).model_dump()
    new = NewRegistration(**shown, registration_access_token=made.registration_token)
    if made.secret:
        new = NewConfidential(**new.model_dump(), client_secret=made.secret)
    return Json(new.model_dump(), status_code=201, headers=NOT_KEPT)


@router.get("/oauth/register/{client_id}")
async def show(request: Request, state: State, client_id: str, db: WriteSession) -> Json:
    """The registration, for whoever holds its token."""
    client = await _own(request, db, client_id)
    return Json(_shown(client, state.settings.public_base_url).model_dump(), headers=NOT_KEPT)


@router.delete("/oauth/register/{client_id}", status_code=204)
async def end(request: Request, client_id: str, db: WriteSession) -> Response:
    """The registration ends, and with it everything that people allowed the program."""
    client = await _own(request, db, client_id)
    await end_of_client(db, client.id)
    await service.remove(db, client)
    return Response(status_code=204)


async def _own(request: Request, db: WriteSession, client_id: str) -> OAuthClient:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    client = await service.by_registration(db, client_id, token.strip()) if scheme.lower() == "bearer" else None
    if client is None:
        raise InvalidAccessToken
    return client


def _shown(client: OAuthClient, public_base_url: str) -> Registration:
    return Registration(
        client_id=client.client_id,
        client_id_issued_at=int(client.created_at.timestamp()),
        client_name=client.name,
        redirect_uris=client.redirect_uris,
        token_endpoint_auth_method=client.auth_method,
        registration_client_uri=f"{issuer_of(public_base_url)}/oauth/register/{client.client_id}",
    )
