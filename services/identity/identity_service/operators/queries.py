"""What operators look through: accounts, invitations, signed-in devices. Never a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, bindparam, false, func, or_, select

from identity_service.models import PENDING, Invitation, Session, User
from identity_service.sessions.queries import alive
from notechondria_shared.db import prepare
from notechondria_shared.db.listing import SearchableList


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account as operators see it."""

    id: int
    username: str
    email: str
    email_verified: bool
    status: str
    is_staff: bool
    is_superuser: bool
    date_joined: datetime


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation as operators see it; the code itself is not kept."""

    id: int
    label: str
    max_uses: int
    times_used: int
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in device."""

    id: int
    user_id: int
    device_label: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


USERS = SearchableList(
    select(
        User.id,
        User.username,
        User.email,
        and_(User.email != "", User.verified_email == func.lower(User.email)).label("email_verified"),
        User.status,
        User.is_staff,
        User.is_superuser,
        User.date_joined,
    ),
    UserRow,
    key=User.id.expression,
    searched=(User.username.expression, User.email.expression),
    oldest_first=True,
)
_MOST_DIGITS = 18


def called(name: str) -> ColumnElement[bool]:
    """Which account is meant: digits are an id, what has an `@` is an address, all else a user name (decision 46).

    Only one of them is ever looked at, so that nobody can be called like somebody else's id or address. An address is
    meant only where it was proved, or where an account of the monolith still waits for its proof.
    """
    if name.isascii() and name.isdigit():
        return User.id == int(name) if len(name) <= _MOST_DIGITS else false()
    if "@" in name:
        waits = and_(User.status == PENDING, func.lower(User.email) == name.lower())
        return or_(User.verified_email == name.lower(), waits)
    return func.lower(User.username) == name.lower()


@dataclass(slots=True)
class AccountRow:
    """An account by id and user name."""

    id: int
    username: str


_ACCOUNT = select(User.id, User.username)
FIRST_SUPERUSER = prepare(_ACCOUNT.where(User.is_superuser).order_by(User.id).limit(1), AccountRow)
NAMED = prepare(_ACCOUNT.where(User.username == bindparam("username", type_=Text)), AccountRow)
INVITATIONS = SearchableList(
    select(
        Invitation.id,
        Invitation.label,
        Invitation.max_uses,
        Invitation.times_used,
        Invitation.created_at,
        Invitation.expires_at,
    ),
    InvitationRow,
    key=Invitation.id.expression,
    searched=(Invitation.label.expression,),
)
SESSIONS = SearchableList(
    select(
        Session.id,
        Session.user_id,
        Session.device_label,
        Session.user_agent,
        Session.created_at,
        Session.last_seen_at,
    )
    .join(User, User.id == Session.user_id)
    .where(*alive(func.now())),
    SessionRow,
    key=Session.id.expression,
    searched=(User.username.expression, User.email.expression, Session.device_label.expression),
    owner=Session.user_id.expression,
)
