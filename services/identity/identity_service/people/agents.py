"""What may act for a person, on the pages: API keys (identity §9) and programs, their names and rights."""

from __future__ import annotations

from datetime import timedelta

from fastapi import BackgroundTasks

from identity_service.api_keys import service as api_keys
from identity_service.api_keys.schemas import ChangeKey, CreateKey
from identity_service.authorization import grants
from identity_service.authorization.programs.routes import UNKNOWN
from identity_service.authorization.programs.routes import list_programs as programs_of
from identity_service.authorization_models import OAuthClient
from identity_service.dependencies import State
from identity_service.mail.service import KEY_MADE
from identity_service.models import ApiKey
from identity_service.notices.service import notify_owner
from identity_service.people import queries
from identity_service.people.confirming import confirmed_account
from identity_service.people.visitor import ASKED_BY_WEB, site_device
from identity_service.security_log import service as security_log
from notechondria_contracts.internal.agents import (
    AGENTS_PATH,
    KeyChange,
    KeyMade,
    NewKey,
    OwnAgents,
    OwnKey,
    ProgramChange,
)
from notechondria_contracts.internal.people import OwnAction
from notechondria_contracts.scopes import normalized
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import FieldErrors, NotFound
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none, now
from notechondria_shared.web.body import validate
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.router import Router

router = Router(prefix=AGENTS_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])
NOTHING_LEFT = "Leave it at least one right, or disconnect it."


@router.get("")
async def list_agents(caller: WithSession, read: ReadSession) -> OwnAgents:
    """Keys, newest first, programs, and the names of those that ended."""
    keys = [_own_key(key) for key in await read.all(queries.KEYS, user_id=caller.user_id)]
    names = await read.all(queries.NAMES, user_id=caller.user_id)
    programs = (await programs_of(caller, read)).programs
    living = {connection for program in programs for connection in program.connection_ids}
    return OwnAgents(
        keys=keys,
        programs=programs,
        ended_keys={row.id: row.name for row in names if row.is_key},
        ended_connections={row.id: row.name for row in names if not row.is_key and row.id not in living},
    )


def _own_key(key: queries.KeyRow) -> OwnKey:
    return OwnKey(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        scopes=key.scopes,
        created_at=iso_offset(key.created_at),
        expires_at=iso_offset_or_none(key.expires_at),
        is_expired=key.expires_at is not None and key.expires_at <= now(),
        last_used_at=iso_offset_or_none(key.last_used_at),
    )


@router.post("/keys")
async def make_key(state: State, caller: WithSession, form: NewKey, tasks: BackgroundTasks) -> KeyMade:
    """A new key, shown this once."""
    expires_at = now() + timedelta(days=form.days) if form.days else None
    body = validate(CreateKey, {"name": form.name, "scopes": form.scopes}).model_copy(update={"expires_at": expires_at})
    async with state.database.transaction() as db:
        user = await confirmed_account(db, caller.user_id, form)
        key, row = await api_keys.create(db, user.id, body, state.settings.api_keys_max)
        await security_log.record(db, user.id, security_log.KEY_MADE, site_device(form), detail=row.name)
    notify_owner(tasks, state, KEY_MADE, user, site_device(form))
    return KeyMade(name=body.name, key=key)


@router.post("/keys/{key_id:id}", status_code=204)
async def change_key(caller: WithSession, key_id: int, form: KeyChange, db: WriteSession) -> None:
    """Rename or narrow a key; 400 for more than it may do, 404 when unknown or somebody else's."""
    body = validate(ChangeKey, {"name": form.name, "scopes": form.scopes})
    if await api_keys.change(db, caller.user_id, key_id, body):
        await security_log.record(db, caller.user_id, security_log.KEY_CHANGED, site_device(form), detail=body.name)


@router.post("/keys/{key_id:id}/revoke", status_code=204)
async def revoke_key(caller: WithSession, key_id: int, form: OwnAction, db: WriteSession) -> None:
    """End a key at once; 404 when unknown or somebody else's. Nothing is asked for: ending something must be easy."""
    row = await db.get(ApiKey, key_id)
    await api_keys.revoke(db, caller.user_id, key_id)
    name = row.name if row else ""
    await security_log.record(db, caller.user_id, security_log.KEY_REVOKED, site_device(form), detail=name)


@router.post("/programs/{program_id:id}", status_code=204)
async def narrow_program(caller: WithSession, program_id: int, form: ProgramChange, db: WriteSession) -> None:
    """Take rights from a program, felt at once everywhere; 404 when it may do nothing."""
    scopes = normalized(form.scopes)
    if not scopes:
        raise FieldErrors(scopes=NOTHING_LEFT)
    if not await grants.narrow(db, caller.user_id, program_id, scopes):
        raise NotFound(UNKNOWN)
    client = await db.get(OAuthClient, program_id)
    name = client.name if client else ""
    await security_log.record(db, caller.user_id, security_log.PROGRAM_NARROWED, site_device(form), detail=name)
