"""Reads of accounts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Text, bindparam, func, or_, select

from identity_service.models import User
from notechondria_shared.db import prepare

_IDENTIFIER = bindparam("identifier", type_=Text)


@dataclass(slots=True)
class LoginRow:
    """An account as the sign-in needs it."""

    id: int
    password_hash: str
    status: str


# An address beats a user name that reads the same (identity §7.5).
FOR_LOGIN = prepare(
    select(User.id, User.password_hash, User.status)
    .where(or_(func.lower(User.email) == func.lower(_IDENTIFIER), func.lower(User.username) == func.lower(_IDENTIFIER)))
    .order_by((func.lower(User.email) == func.lower(_IDENTIFIER)).desc())
    .limit(1),
    LoginRow,
)
