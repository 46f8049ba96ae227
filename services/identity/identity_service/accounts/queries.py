"""Reads of accounts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Text, and_, bindparam, func, or_, select

from identity_service.models import User
from notechondria_shared.db import prepare

_IDENTIFIER = bindparam("identifier", type_=Text)


@dataclass(slots=True)
class LoginRow:
    """An account as the sign-in needs it."""

    id: int
    password_hash: str
    status: str


FOR_OWN_PASSWORD = prepare(
    select(User.id, User.password_hash, User.status).where(User.id == bindparam("user_id", type_=BigInteger)), LoginRow
)
# The empty text is no address.
_PROVED = and_(User.verified_email == func.lower(_IDENTIFIER), User.verified_email != "")
# Only a proved address signs in (decision 43). It beats a user name that reads the same (identity §7.5).
FOR_LOGIN = prepare(
    select(User.id, User.password_hash, User.status)
    .where(or_(_PROVED, func.lower(User.username) == func.lower(_IDENTIFIER)))
    .order_by(_PROVED.desc())
    .limit(1),
    LoginRow,
)
