"""Operators' commands, as internal endpoints: `notechondria users|invitations|staff|code` calls them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import BackgroundTasks, Depends
from sqlalchemy import select

from identity_service.accounts.service import delete_account
from identity_service.avatars.service import folder_of
from identity_service.dependencies import State
from identity_service.mail.service import PASSWORD_CHANGED
from identity_service.models import User
from identity_service.notices.service import notify_owner
from identity_service.operators import accounts, queries, schemas, service
from identity_service.registrations import service as registrations
from identity_service.sessions.devices import Device
from notechondria_contracts.internal.identity import Account, MaybeAccount
from notechondria_contracts.internal.operators import (
    IssuedCode,
    OperatorAccount,
    OperatorAccounts,
    OperatorInvitation,
    OperatorInvitations,
    TrialMail,
)
from notechondria_shared.core.json_values import plain
from notechondria_shared.db.listing import PageQuery
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.internal import CalledBy
from notechondria_shared.web.page_query import Page
from notechondria_shared.web.route import ApiRoute
from notechondria_shared.web.router import Router

router = Router(
    prefix="/internal/operators",
    include_in_schema=False,
    dependencies=[Depends(CalledBy("operator"))],
    route_class=ApiRoute,
)
lookups = Router(
    prefix="/internal/operators",
    include_in_schema=False,
    dependencies=[Depends(CalledBy("operator", "notes"))],
    route_class=ApiRoute,
)
"""What notes asks too, for the courses that new accounts get."""
LISTED = 500


async def require_known(state: State, name: str) -> str:
    """What somebody is called; 404 comes before the body is looked at. Whoever waits for a code is known too."""
    clean = name.replace("\x00", "")
    async with state.database.transaction() as db:
        known = await db.scalar(select(User.id).where(queries.called(clean)))
        if known is None and await registrations.named(db, clean) is None:
            raise service.unknown(name)
    return clean


KnownName = Annotated[str, Depends(require_known)]
"""A user name, an address (with an `@`) or an id (digits)."""


@router.post("/invitations", status_code=201)
async def create_invitation(body: schemas.CreateInvitation, db: WriteSession) -> OperatorInvitation:
    """Make an invitation."""
    return service.invitation_answer(await service.create_invitation(db, body))


@router.get("/invitations")
async def list_invitations(read: ReadSession) -> OperatorInvitations:
    """The newest invitations."""
    page = await queries.INVITATIONS.read(read, PageQuery(limit=LISTED))
    return OperatorInvitations(invitations=[OperatorInvitation.model_validate(plain(row)) for row in page.rows])


@router.post("/invitations/{invitation_id:id}/expire")
async def expire_invitation(invitation_id: int, db: WriteSession) -> OperatorInvitation:
    """End an invitation now."""
    return service.invitation_answer(await service.expire_invitation(db, invitation_id))


@lookups.get("/first-superuser")
async def first_superuser(read: ReadSession) -> MaybeAccount:
    """The superuser with the lowest id."""
    return _account(await read.one(queries.FIRST_SUPERUSER))


@lookups.get("/account")
async def account_named(username: str, read: ReadSession) -> MaybeAccount:
    """The account with exactly this user name."""
    return _account(await read.one(queries.NAMED, username=username.replace("\x00", "")))


def _account(row: queries.AccountRow | None) -> MaybeAccount:
    return MaybeAccount(account=Account(id=row.id, username=row.username) if row else None)


@router.get("/users")
async def list_users(read: ReadSession, query: Page) -> OperatorAccounts:
    """Accounts by id, 500 at a time; `search` is part of a name or address, or an id."""
    page = await queries.USERS.read(read, replace(query, limit=LISTED))
    return OperatorAccounts(
        users=[OperatorAccount.model_validate(plain(row)) for row in page.rows], total=page.total, offset=page.offset
    )


@router.patch("/users/{name}")
async def change_user(name: KnownName, body: schemas.ChangeUser, db: WriteSession) -> OperatorAccount:
    """Disable, enable, make or unmake staff."""
    user = await service.find_user(db, name)
    await service.change_user(db, user, body)
    return service.account_answer(user)


@router.post("/users", status_code=201)
async def create_user(state: State, body: schemas.CreateAccount) -> OperatorAccount:
    """Open an account, whoever may register (decision 61); 400 with the failing fields."""
    async with state.database.transaction() as db:
        await accounts.check_account(db, body)
    password_hash = await state.passwords.hash(body.password) if body.password else ""
    async with state.database.transaction() as db:
        user = await accounts.create_account(db, body, password_hash, state.settings.default_api_base_url)
        return service.account_answer(user)


@router.post("/users/{name}/password")
async def set_password(
    state: State, name: KnownName, body: schemas.SetPassword, tasks: BackgroundTasks
) -> OperatorAccount:
    """Set a password: all sessions, keys and programs of the account end, and its owner gets a mail."""
    password_hash = await state.passwords.hash(body.password)
    device = Device("Operator", "", "")
    async with state.database.transaction() as db:
        user = await service.find_user(db, name)
        await accounts.set_password(db, user, password_hash, device, method="operator")
        answer = service.account_answer(user)
    notify_owner(tasks, state, PASSWORD_CHANGED, user, device)
    return answer


@router.delete("/users/{name}", status_code=200)
async def delete_user(state: State, name: str) -> OperatorAccount:
    """Delete an account and everything of it in every service. Final."""
    async with state.database.transaction() as db:
        user = await service.find_user(db, name.replace("\x00", ""))
        answer = service.account_answer(user)
        await delete_account(db, user)
    await state.file_deletions.delete([folder_of(user.id)])
    return answer


@router.post("/mail")
async def send_trial_mail(state: State, body: schemas.SendTrialMail) -> TrialMail:
    """Mail a letter as codes are mailed, and say what became of it."""
    settings = state.settings
    problem = await state.mailer.send_trial(body.email)
    server = f"{settings.smtp_host}:{settings.smtp_port}" if settings.smtp_host else ""
    return TrialMail(sent=not problem, problem=problem, server=server, sender=settings.mail_sender)


@router.post("/users/{name}/code")
async def issue_code(
    state: State,
    name: KnownName,
    body: schemas.IssueCode,
    db: WriteSession,
) -> IssuedCode:
    """Issue a code by hand; older ones of its kind are void."""
    return await service.issue_named(db, name, body.kind, state.settings)
