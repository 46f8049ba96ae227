"""API keys (identity §9)."""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.api_keys import service
from identity_service.api_keys.schemas import CreatedKey, CreateKey, KeyList, KeyRow, RotatedKey
from identity_service.dependencies import State
from identity_service.mail.service import KEY_MADE
from identity_service.notices.service import notify_account
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from notechondria_shared.auth import WithSession
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth", tags=["api keys"])


@router.post("/rotate-api-key/", responses=refusals(403))
async def rotate_api_key(
    request: Request, state: State, caller: WithSession, db: WriteSession, tasks: BackgroundTasks
) -> RotatedKey:
    """Make a new key; the old one stops at once, named keys stay (identity §9). Its owner gets a mail."""
    key = await service.rotate(db, caller.user_id)
    device = Device.of(request)
    await security_log.record(db, caller.user_id, security_log.KEY_MADE, device, detail="rotated key")
    await notify_account(tasks, state, db, KEY_MADE, caller.user_id, device)
    return RotatedKey(api_key=key, api_key_prefix=key[:8])


@router.get("/api-keys/")
async def list_keys(caller: WithSession, db: WriteSession) -> KeyList:
    """The keys that were not revoked, newest first; never the keys themselves."""
    return KeyList(api_keys=[KeyRow.of(key) for key in await service.listed(db, caller.user_id)])


@router.post("/api-keys/", status_code=201, responses=refusals(403))
async def create_key(
    request: Request, state: State, caller: WithSession, body: CreateKey, db: WriteSession, tasks: BackgroundTasks
) -> CreatedKey:
    """Make a named key with scopes and an optional expiry; its plain text is shown only here. Its owner gets a mail."""
    key, row = await service.create(db, caller.user_id, body, state.settings.api_keys_max)
    device = Device.of(request)
    await security_log.record(db, caller.user_id, security_log.KEY_MADE, device, detail=body.name)
    await notify_account(tasks, state, db, KEY_MADE, caller.user_id, device)
    return CreatedKey(**KeyRow.of(row).model_dump(), api_key=key)


@router.delete("/api-keys/{key_id:id}/", status_code=204, responses=refusals(403, 404))
async def revoke_key(request: Request, caller: WithSession, key_id: int, db: WriteSession) -> None:
    """End a key at once; 404 when unknown or somebody else's."""
    await service.revoke(db, caller.user_id, key_id)
    await security_log.record(db, caller.user_id, security_log.KEY_REVOKED, Device.of(request))
