"""What the consent page asks of identity: `/internal/authorization/*`, in the name of the person who looks at it."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from identity_service.authorization.clients import service as clients
from identity_service.authorization.requests import service
from identity_service.authorization.requests.service import Asked, NotAsked
from identity_service.dependencies import State
from identity_service.state import IdentityState
from notechondria_contracts.internal.authorization import (
    AUTHORIZATION_PATH,
    Approval,
    AuthorizationAnswer,
    AuthorizationQuery,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.web.internal import CalledBy

router = APIRouter(prefix=AUTHORIZATION_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])


async def _asked(state: IdentityState, query: str) -> Asked:
    parameters = service.read(query)
    async with state.database.transaction() as db:
        client = await clients.by_client_id(db, parameters.get("client_id", ""))
    return service.check(parameters, client, state.settings.public_base_url)


@router.post("/check")
async def check(state: State, body: AuthorizationQuery, caller: WithSession) -> AuthorizationAnswer:
    """Whether the person is to be asked, and about what."""
    try:
        asked = await _asked(state, body.query)
    except NotAsked as problem:
        return AuthorizationAnswer(answer=problem.answer)
    async with state.database.transaction() as db:
        return AuthorizationAnswer(answer=await service.to_ask(db, asked, caller.user_id))


@router.post("/approve")
async def approve(state: State, body: Approval, caller: WithSession) -> AuthorizationAnswer:
    """The person said yes: a code for the program."""
    try:
        asked = await _asked(state, body.query)
    except NotAsked as problem:
        return AuthorizationAnswer(answer=problem.answer)
    base = state.settings.public_base_url
    async with state.database.transaction() as db:
        back = await service.approve(db, asked, caller.user_id, body.scopes, body.days, base)
    return AuthorizationAnswer(answer=back)


@router.post("/refuse")
async def refuse(state: State, body: AuthorizationQuery, _: WithSession) -> AuthorizationAnswer:
    """The person said no."""
    try:
        asked = await _asked(state, body.query)
    except NotAsked as problem:
        return AuthorizationAnswer(answer=problem.answer)
    return AuthorizationAnswer(answer=service.refuse(asked, state.settings.public_base_url))
