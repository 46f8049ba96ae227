"""What staff may do to accounts, sessions and invitations (docs/admin.md): the operators' rules.

The member of staff comes as an internal assertion; nobody changes their own account where that would lock them out,
and only a superuser changes a superuser. What gives or takes power over an account needs the password of the member of
staff (`staff.password`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import BackgroundTasks, Depends
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.service import delete_account
from identity_service.admin.tables import ACTIONS, INVITATIONS, SESSIONS, UNKNOWN, USERS, still_counts
from identity_service.authorization.admin import PROGRAMS
from identity_service.avatars.service import folder_of
from identity_service.codes import service as codes
from identity_service.dependencies import State
from identity_service.factors import service as factors
from identity_service.mail.service import FACTOR_CHANGED, PASSWORD_CHANGED
from identity_service.models import EVENTS, User
from identity_service.notices.service import notify_account, notify_owner
from identity_service.operators import accounts, service
from identity_service.operators.schemas import ChangeUser, CreateAccount, CreateInvitation, IssueCode
from identity_service.security_log import service as security_log
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from identity_service.staff.password import require_recent_password
from notechondria_contracts.admin import (
    AdminAction,
    AdminChoice,
    AdminCreated,
    AdminCreation,
    AdminField,
    AdminForm,
    AdminOutcome,
    AdminSecret,
)
from notechondria_shared.core.errors import Forbidden, NotFound
from notechondria_shared.web.admin import Staff, admin_router
from notechondria_shared.web.dead_letters import dead_letter_table
from notechondria_shared.web.dependencies import ReadSession, WriteSession

OWN_ACCOUNT = "This is your own account; somebody else has to do that."
SUPERUSER = "This account is a superuser's; only a superuser may do that."
KINDS = (
    (codes.PASSWORD_RESET, "Set a new password"),
    (codes.REGISTER, "Verify the address of a new account"),
    (codes.IDENTITY, "Confirm a change of password or address"),
)


async def find(db: AsyncSession, staff: Staff, user_id: int) -> User:
    """An account, locked, that this member of staff may change; 403 for a superuser's when they are none."""
    user = await db.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound(UNKNOWN)
    if user.is_superuser and not staff.is_superuser:
        raise Forbidden(SUPERUSER)
    return user


async def _account(key: int, staff: Staff, db: WriteSession) -> User:
    return await find(db, staff, key)


async def _other_account(key: int, staff: Staff, db: WriteSession) -> User:
    if key == staff.user_id:
        raise Forbidden(OWN_ACCOUNT)
    return await find(db, staff, key)


Account = Annotated[User, Depends(_account)]
OtherAccount = Annotated[User, Depends(_other_account)]
"""Not that of the member of staff."""


@USERS.action(
    AdminAction(
        name="disable",
        needs_password=True,
        label="Disable",
        done="The account is disabled and signed out everywhere.",
        question="The account is signed out everywhere at once and cannot sign in until it is enabled again.",
    ),
    offered=lambda row: row.status == "active",
)
async def disable(user: OtherAccount, db: WriteSession) -> None:
    """Shut an account."""
    await service.change_user(db, user, ChangeUser(disabled=True))


@USERS.action(
    AdminAction(name="enable", label="Enable", done="The account is enabled.", needs_password=True),
    offered=lambda row: row.status == "disabled",
)
async def enable(user: OtherAccount, db: WriteSession) -> None:
    """Let an account sign in again."""
    await service.change_user(db, user, ChangeUser(disabled=False))


@USERS.action(
    AdminAction(
        name="sign-out",
        label="Sign out everywhere",
        done="All sessions of the account have ended.",
        question="All sessions of the account end; API keys go on working.",
    )
)
async def sign_out(user: Account, db: WriteSession) -> None:
    """End all sessions of an account; one's own too."""
    await sessions.revoke_all(db, user.id)


@USERS.action(
    AdminAction(
        name="grant-staff",
        needs_password=True,
        label="Make staff",
        done="The account is staff.",
        question="Staff can see and change everything on this site.",
    ),
    offered=lambda row: not row.is_staff,
)
async def grant_staff(user: OtherAccount, db: WriteSession) -> None:
    """Let an account use the administration."""
    await service.change_user(db, user, ChangeUser(is_staff=True))


@USERS.action(
    AdminAction(
        name="revoke-staff",
        needs_password=True,
        label="Revoke staff",
        done="The account is not staff any more.",
        question="The account cannot use this site any more, from now on.",
    ),
    offered=lambda row: row.is_staff,
)
async def revoke_staff(user: OtherAccount, db: WriteSession) -> None:
    """Shut the administration to an account."""
    await service.change_user(db, user, ChangeUser(is_staff=False))


@USERS.action(
    AdminAction(
        name="remove-factor",
        needs_password=True,
        label="Remove the second factor",
        done="The account asks for its password alone, and its owner got a mail.",
        question="For who has lost authenticator, passkeys and recovery codes. Be sure that it is the owner who asks: "
        "from now on the password alone opens the account.",
    )
)
async def remove_factor(state: State, user: OtherAccount, db: WriteSession, tasks: BackgroundTasks) -> None:
    """End authenticator, passkeys and recovery codes of an account."""
    await factors.remove_all(db, user.id)
    device = Device("Administration", "", "")
    await security_log.record(db, user.id, security_log.FACTOR_REMOVED, device, method="staff")
    await notify_account(tasks, state, db, FACTOR_CHANGED, user.id, device)


@USERS.action(
    AdminAction(
        name="delete",
        needs_password=True,
        label="Delete",
        done="The account is deleted.",
        question="The account, its notes, courses, events, feeds and files are removed in every service. "
        "This is final.",
        gone=True,
    )
)
async def delete(state: State, key: int, staff: Staff) -> None:
    """Remove an account with everything of it in every service; its pictures once that is committed."""
    async with state.database.transaction() as db:
        await delete_account(db, await _other_account(key, staff, db))
    await state.file_deletions.delete([folder_of(key)])


@USERS.action(
    AdminAction(
        name="code",
        needs_password=True,
        label="Issue a code",
        form=AdminForm(
            title="Code for {label}",
            hint="For people whose mail does not arrive. Older codes of the same kind become void.",
            submit="Issue a code",
            fields=[
                AdminField(
                    name="kind",
                    label="What it is for",
                    kind="choice",
                    choices=[AdminChoice(value=value, label=label) for value, label in KINDS],
                )
            ],
        ),
    )
)
async def issue_code(state: State, user: Account, body: IssueCode, db: WriteSession) -> AdminOutcome:
    """Issue a code by hand, shown this once; older ones of its kind are void."""
    issued = await service.issue_code(db, user, body.kind, state.settings)
    return AdminOutcome(
        secret=AdminSecret(
            before="The code is",
            secret=issued.code,
            after=f"It is good for {issued.good_for} and is shown only now.\n"
            f"Give it to {issued.username} in a way that nobody else can read.",
        )
    )


@USERS.action(
    AdminAction(
        name="set-password",
        needs_password=True,
        label="Set a new password",
        form=AdminForm(
            title="A new password for {label}",
            hint="A random password is set and shown once. All sessions, keys and programs of the account end, and its "
            "owner gets a mail.",
            submit="Set a password",
            fields=[],
        ),
    )
)
async def set_password(state: State, key: int, staff: Staff, tasks: BackgroundTasks) -> AdminOutcome:
    """Set a random password, shown this once; as `notechondria users set-password` does."""
    password = accounts.draw_password()
    password_hash = await state.passwords.hash(password)
    device = Device("Administration", "", "")
    async with state.database.transaction() as db:
        user = await _other_account(key, staff, db)
        await accounts.set_password(db, user, password_hash, device, method="staff")
        name = user.username
    notify_owner(tasks, state, PASSWORD_CHANGED, user, device)
    return AdminOutcome(
        secret=AdminSecret(
            before="The password is",
            secret=password,
            after=f"It is shown only now.\nGive it to {name} in a way that nobody else can read; a new one is set at "
            "/account/password/.",
        )
    )


@USERS.creation(
    AdminCreation(
        label="New account",
        form=AdminForm(
            title="New account",
            hint="It is open at once, whoever may register, and its address counts as proved. It has no password yet: "
            "set one on its page, or let its owner ask for a code at /account/forgotten/.",
            submit="Create",
            fields=[
                AdminField(name="username", label="User name", max_length=150, required=True),
                AdminField(name="email", label="Address", max_length=254, required=True),
            ],
        ),
    )
)
async def create_account(state: State, body: CreateAccount, db: WriteSession) -> AdminCreated:
    """Open an account without a password and without rights, as `notechondria users create` does."""
    plain = CreateAccount(username=body.username, email=body.email)
    return AdminCreated(id=(await accounts.create_account(db, plain, "", state.settings.default_api_base_url)).id)


@SESSIONS.action(
    AdminAction(
        name="revoke",
        label="Revoke",
        done="The session has ended.",
        question="The device is signed out at once.",
        gone=True,
    )
)
async def revoke_session(read: ReadSession, key: int, staff: Staff, db: WriteSession) -> None:
    """End a session of anybody whose account this member of staff may change."""
    owner = await SESSIONS.owner(read, key)
    await find(db, staff, owner)
    await sessions.revoke(db, owner, key)


@INVITATIONS.action(
    AdminAction(
        name="expire",
        label="Expire now",
        done="The invitation has expired.",
        question="Nobody can register with it any more.",
    ),
    offered=still_counts,
)
async def expire_invitation(key: int, db: WriteSession) -> None:
    """End an invitation now."""
    await service.expire_invitation(db, key)


@INVITATIONS.creation(
    AdminCreation(
        label="New invitation",
        form=AdminForm(
            title="New invitation",
            hint="Only a fingerprint of the code is kept: nobody can look it up later.",
            submit="Create",
            fields=[
                AdminField(name="code", label="Code", max_length=256, required=True),
                AdminField(name="label", label="Label (optional)", max_length=120),
                AdminField(name="max_uses", label="How often it can be used", kind="number", value="1"),
                AdminField(name="expires_at", label="Expires (UTC, for example 2030-01-31T18:00; optional)"),
            ],
        ),
    )
)
async def create_invitation(body: CreateInvitation, db: WriteSession) -> AdminCreated:
    """Make an invitation, as `notechondria invitations create` does; 400 with the failing fields."""
    return AdminCreated(id=(await service.create_invitation(db, body)).id)


router = admin_router(
    USERS,
    SESSIONS,
    INVITATIONS,
    PROGRAMS,
    ACTIONS,
    dead_letter_table(EVENTS),
    password_check=require_recent_password,
)
