"""The programs that a person connected: the list, and their end; for the account pages and for apps."""

from __future__ import annotations

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization import grants, queries
from identity_service.authorization.programs.schemas import ProgramId, connected, shown_name
from identity_service.authorization_models import OAuthClient
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from notechondria_contracts.internal.authorization import AUTHORIZATION_PATH, ConnectedPrograms
from notechondria_contracts.internal.people import Visitor
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import NotFound
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router
from notechondria_shared.web.router import Router

router = api_router("/api/v1/auth", tags=["programs"])
internal = Router(prefix=AUTHORIZATION_PATH, include_in_schema=False, dependencies=[Depends(CalledBy("web"))])
UNKNOWN = "Program not found."


@router.get("/programs/", responses=refusals(403))
async def list_programs(caller: WithSession, read: ReadSession) -> ConnectedPrograms:
    """The programs that may act for the caller, the one used last first."""
    return ConnectedPrograms(programs=connected(await read.all(queries.CONNECTIONS, user_id=caller.user_id, now=now())))


@router.delete("/programs/{program_id:id}/", status_code=204, responses=refusals(403, 404))
async def disconnect(request: Request, caller: WithSession, program_id: ProgramId, db: WriteSession) -> None:
    """End everything that a program may do for the caller, at once and everywhere; 404 when it may do nothing."""
    await _disconnect(db, caller.user_id, program_id, Device.of(request))


@internal.get("/programs")
async def list_for_page(caller: WithSession, read: ReadSession) -> ConnectedPrograms:
    """The same for the account pages."""
    return await list_programs(caller, read)


@internal.delete("/programs/{program_id:id}", status_code=204)
async def disconnect_for_page(caller: WithSession, program_id: int, visitor: Visitor, db: WriteSession) -> None:
    """The same for the account pages."""
    await _disconnect(db, caller.user_id, program_id, Device.seen(visitor.user_agent, visitor.address))


async def _disconnect(db: AsyncSession, user_id: int, program_id: int, device: Device) -> None:
    if not await grants.end_of_program(db, user_id, program_id):
        raise NotFound(UNKNOWN)
    client = await db.get(OAuthClient, program_id)
    name = shown_name(client) if client else ""
    await security_log.record(db, user_id, security_log.PROGRAM_DISCONNECTED, device, detail=name)
