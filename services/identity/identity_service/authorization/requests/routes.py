"""What the consent page asks of identity: `/internal/authorization/*`, in the name of the person who looks at it."""

from __future__ import annotations

from fastapi import BackgroundTasks, Depends, Request

from identity_service.authorization.clients import documents
from identity_service.authorization.clients import service as clients
from identity_service.authorization.limits import count_document
from identity_service.authorization.programs.schemas import shown_name
from identity_service.authorization.requests import service
from identity_service.authorization.requests.service import Asked, NotAsked
from identity_service.authorization_models import OAuthClient
from identity_service.dependencies import State
from identity_service.mail.service import PROGRAM_CONNECTED
from identity_service.models import User
from identity_service.notices.service import notify_owner
from identity_service.outside_documents import DocumentRefused
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from identity_service.state import IdentityState
from notechondria_contracts.internal.authorization import (
    AUTHORIZATION_PATH,
    Approval,
    AuthorizationAnswer,
    AuthorizationQuery,
    Unproven,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.router import Router

router = Router(prefix=AUTHORIZATION_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])

NO_DOCUMENT = "The program names an address at which it describes itself, and that cannot be used."


async def _asked(request: Request, state: IdentityState, query: str, user_id: int) -> Asked:
    parameters = service.read(query)
    client = await _client(request, state, parameters.get("client_id", ""), user_id)
    return service.check(parameters, client, state.settings.public_base_url)


async def _client(request: Request, state: IdentityState, client_id: str, user_id: int) -> OAuthClient | None:
    """The client that asks; its document is fetched when there is none yet, or not lately."""
    async with state.database.transaction() as db:
        client = await clients.by_client_id(db, client_id)
        if not documents.is_document_id(client_id):
            return client
        if client is not None and client.fresh_until is not None and client.fresh_until > now():
            return client
        await count_document(request, db, user_id)
    try:
        document = await documents.fetched(state.documents, client_id)
    except DocumentRefused as problem:
        raise NotAsked(Unproven(text=f"{NO_DOCUMENT} {problem}")) from None
    async with state.database.transaction() as db:
        return await clients.keep_document(db, client_id, document)


@router.post("/check")
async def check(request: Request, state: State, body: AuthorizationQuery, caller: WithSession) -> AuthorizationAnswer:
    """Whether the person is to be asked, and about what."""
    try:
        asked = await _asked(request, state, body.query, caller.user_id)
    except NotAsked as problem:
        return AuthorizationAnswer(answer=problem.answer)
    async with state.database.transaction() as db:
        return AuthorizationAnswer(answer=await service.to_ask(db, asked, caller.user_id))


@router.post("/approve")
async def approve(
    request: Request, tasks: BackgroundTasks, state: State, body: Approval, caller: WithSession
) -> AuthorizationAnswer:
    """The person said yes: a code for the program. It is written down, and the person is mailed."""
    device = Device.seen(body.user_agent, body.address)
    try:
        asked = await _asked(request, state, body.query, caller.user_id)
        async with state.database.transaction() as db:
            base, name = state.settings.public_base_url, shown_name(asked.client)
            back = await service.approve(db, asked, caller.user_id, body.scopes, body.days, base)
            await security_log.record(db, caller.user_id, security_log.PROGRAM_CONNECTED, device, detail=name)
            account = await db.get(User, caller.user_id)
    except NotAsked as problem:
        return AuthorizationAnswer(answer=problem.answer)
    if account is not None:
        notify_owner(tasks, state, PROGRAM_CONNECTED, account, device)
    return AuthorizationAnswer(answer=back)


@router.post("/refuse")
async def refuse(request: Request, state: State, body: AuthorizationQuery, caller: WithSession) -> AuthorizationAnswer:
    """The person said no."""
    try:
        asked = await _asked(request, state, body.query, caller.user_id)
    except NotAsked as problem:
        return AuthorizationAnswer(answer=problem.answer)
    return AuthorizationAnswer(answer=service.refuse(asked, state.settings.public_base_url))
