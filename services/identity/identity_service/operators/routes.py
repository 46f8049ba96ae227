"""Operators' commands, as internal endpoints: `notechondria users|invitations|staff|code` calls them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from identity_service.accounts.service import delete_account
from identity_service.avatars.service import folder_of
from identity_service.operators import queries, schemas, service
from identity_service.settings import IdentitySettings
from notechondria_shared.db import Database
from notechondria_shared.db.listing import PageQuery
from notechondria_shared.web import read_body
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.internal import require_internal
from notechondria_shared.web.page_query import Page

router = APIRouter(prefix="/internal/operators", include_in_schema=False, dependencies=[Depends(require_internal)])
LISTED = 500


async def require_known(name: str, read: ReadSession) -> str:
    """The name, address or id of an account; 404 comes before the body is looked at."""
    if await read.one(queries.KNOWN, name=name.replace("\x00", "")) is None:
        raise service.unknown(name)
    return name


KnownName = Annotated[str, Depends(require_known)]


@router.post("/invitations", status_code=201)
async def create_invitation(
    wanted: Annotated[schemas.CreateInvitation, read_body(schemas.CreateInvitation)], db: WriteSession
) -> dict[str, Any]:
    """Make an invitation."""
    return service.invitation_row(await service.create_invitation(db, wanted))


@router.get("/invitations")
async def list_invitations(read: ReadSession) -> dict[str, Any]:
    """The newest invitations."""
    page = await queries.INVITATIONS.read(read, PageQuery(limit=LISTED))
    return {"invitations": page["results"]}


@router.post("/invitations/{invitation_id:id}/expire")
async def expire_invitation(invitation_id: int, db: WriteSession) -> dict[str, Any]:
    """End an invitation now."""
    return service.invitation_row(await service.expire_invitation(db, invitation_id))


@router.get("/users")
async def list_users(read: ReadSession, wanted: Page) -> dict[str, Any]:
    """Accounts by id, 500 at a time; `search` is part of a name or address, or an id."""
    page = await queries.USERS.read(read, replace(wanted, limit=LISTED))
    return {"users": page["results"], "total": page["total"], "offset": page["offset"]}


@router.patch("/users/{name}")
async def change_user(
    name: KnownName, wanted: Annotated[schemas.ChangeUser, read_body(schemas.ChangeUser)], db: WriteSession
) -> dict[str, Any]:
    """Disable, enable, make or unmake staff."""
    user = await service.find_user(db, name)
    await service.change_user(db, user, wanted)
    return service.user_row(user)


@router.delete("/users/{name}", status_code=200)
async def delete_user(request: Request, name: str) -> dict[str, Any]:
    """Delete an account and everything of it in every service. Final."""
    database: Database = request.app.state.database
    async with database.transaction() as db:
        user = await service.find_user(db, name)
        row = service.user_row(user)
        await delete_account(db, user)
    await request.app.state.file_deletions.delete([folder_of(row["id"])])
    return row


@router.post("/users/{name}/code")
async def issue_code(
    request: Request,
    name: KnownName,
    wanted: Annotated[schemas.IssueCode, read_body(schemas.IssueCode)],
    db: WriteSession,
) -> dict[str, Any]:
    """Issue a code by hand; older ones of its kind are void."""
    settings: IdentitySettings = request.app.state.settings
    user = await service.find_user(db, name)
    hours = settings.smtp_email_verification_ttl_hours
    digits = await service.issue_code(db, user, wanted.kind, hours)
    return {"username": user.username, "email": user.email, "kind": wanted.kind, "code": digits, "hours": hours}
