"""What operators look through: accounts, invitations, signed-in devices. Never a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, bindparam, cast, func, or_, select

from identity_service.models import Invitation, Session, User
from identity_service.sessions.queries import alive
from notechondria_shared.db import prepare
from notechondria_shared.db.listing import SearchableList
from notechondria_shared.db.reader import prepare_scalar


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account as operators see it."""

    id: int
    username: str
    email: str
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
    select(User.id, User.username, User.email, User.status, User.is_staff, User.is_superuser, User.date_joined),
    UserRow,
    key=User.id.expression,
    searched=(User.username.expression, User.email.expression),
    oldest_first=True,
)
_NAME = bindparam("name", type_=Text)
KNOWN = prepare_scalar(
    select(User.id).where(
        or_(
            func.lower(User.email) == func.lower(_NAME),
            func.lower(User.username) == func.lower(_NAME),
            cast(User.id, Text) == _NAME,
        )
    ),
    int,
)


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
