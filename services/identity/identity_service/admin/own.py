"""Rows of identity itself, and what can be done to accounts, sessions and invitations: the operators' rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.service import delete_account
from identity_service.admin.entry import Staff
from identity_service.admin.sections import Page, Row, Run, number
from identity_service.avatars.service import folder_of
from identity_service.models import User
from identity_service.operators import queries, service
from identity_service.operators.schemas import ChangeUser
from identity_service.sessions import service as sessions
from notechondria_shared.core.errors import Forbidden, NotFound
from notechondria_shared.db import Database
from notechondria_shared.db.listing import PageQuery, SearchableList

OWN_ACCOUNT = "This is your own account; somebody else has to do that."
SUPERUSER = "This account is a superuser's; only a superuser may do that."


@dataclass(frozen=True)
class Own:
    """A list of identity's own tables."""

    listing: SearchableList

    async def page(self, request: Request, wanted: PageQuery) -> Page:
        """A page of rows."""
        database: Database = request.app.state.database
        found = await self.listing.read(database.reader, wanted)
        return Page(found["results"], found["total"])

    async def one(self, request: Request, key: str) -> Row:
        """A row; 404 when there is none."""
        database: Database = request.app.state.database
        row = await self.listing.one(database.reader, number(key))
        if row is None:
            raise NotFound("It is not there (any more).")
        return row


USERS, SESSIONS, INVITATIONS = Own(queries.USERS), Own(queries.SESSIONS), Own(queries.INVITATIONS)


async def find(db: AsyncSession, staff: Staff, user_id: int) -> User:
    """An account, locked, that this member of staff may change; 403 for a superuser's when they are none."""
    user = await db.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("It is not there (any more).")
    if user.is_superuser and not staff.is_superuser:
        raise Forbidden(SUPERUSER)
    return user


def _to_user(change: Callable[[AsyncSession, User], Awaitable[None]], *, own: bool = False) -> Run:
    """An action on an account; not on one's own unless `own`."""

    async def run(request: Request, staff: Staff, key: str) -> None:
        user_id = number(key)
        if user_id == staff.id and not own:
            raise Forbidden(OWN_ACCOUNT)
        database: Database = request.app.state.database
        async with database.transaction() as db:
            await change(db, await find(db, staff, user_id))

    return run


def _changed(**values: bool) -> Run:
    async def change(db: AsyncSession, user: User) -> None:
        await service.change_user(db, user, ChangeUser(**values))

    return _to_user(change)


async def _sign_out(db: AsyncSession, user: User) -> None:
    await sessions.revoke_all(db, user.id)


disable, enable = _changed(disabled=True), _changed(disabled=False)
grant_staff, revoke_staff = _changed(is_staff=True), _changed(is_staff=False)
sign_out = _to_user(_sign_out, own=True)
_delete = _to_user(delete_account)


async def delete(request: Request, staff: Staff, key: str) -> None:
    """Remove an account with everything of it in every service."""
    await _delete(request, staff, key)
    await request.app.state.file_deletions.delete([folder_of(number(key))])


async def revoke_session(request: Request, staff: Staff, key: str) -> None:
    """End a session of anybody."""
    user_id = (await SESSIONS.one(request, key))["user_id"]
    database: Database = request.app.state.database
    async with database.transaction() as db:
        await find(db, staff, user_id)
        await sessions.revoke(db, user_id, number(key))


async def expire_invitation(request: Request, _: Staff, key: str) -> None:
    """End an invitation now."""
    database: Database = request.app.state.database
    async with database.transaction() as db:
        await service.expire_invitation(db, number(key))
