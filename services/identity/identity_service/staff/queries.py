"""Reads for the administration site: accounts by name, names by id, what staff did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from identity_service.models import Session, StaffAction, User
from notechondria_shared.db import prepare, prepare_scalar
from notechondria_shared.db.listing import SearchableList


@dataclass(frozen=True, slots=True)
class AccountName:
    """What an account is called."""

    id: int
    username: str


NAMES = prepare(
    select(User.id, User.username).where(User.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))), AccountName
)


PASSWORD_ENTERED_AT = prepare_scalar(
    select(Session.password_entered_at).where(
        Session.id == bindparam("session_id", type_=BigInteger),
        Session.user_id == bindparam("user_id", type_=BigInteger),
        Session.revoked_at.is_(None),
    ),
    datetime,
)


@dataclass(frozen=True, slots=True)
class StaffActionRow:
    """What a member of staff did."""

    id: int
    user_id: int
    action: str
    object: str
    outcome: str
    begun_at: datetime
    ended_at: datetime | None


STAFF_ACTIONS = SearchableList(
    select(
        StaffAction.id,
        StaffAction.user_id,
        StaffAction.action,
        StaffAction.object,
        StaffAction.outcome,
        StaffAction.begun_at,
        StaffAction.ended_at,
    ),
    StaffActionRow,
    key=StaffAction.id.expression,
    searched=(StaffAction.action.expression, StaffAction.object.expression, StaffAction.outcome.expression),
    owner=StaffAction.user_id.expression,
)
