"""Reads of accounts."""

from __future__ import annotations

from sqlalchemy import Text, bindparam, func, or_, select

from identity_service.models import User
from notechondria_shared.db import prepare

_IDENTIFIER = bindparam("identifier", type_=Text)

# An address beats a user name that reads the same (identity §7.5).
FOR_LOGIN = prepare(
    select(User.id, User.password_hash, User.status)
    .where(or_(func.lower(User.email) == func.lower(_IDENTIFIER), func.lower(User.username) == func.lower(_IDENTIFIER)))
    .order_by((func.lower(User.email) == func.lower(_IDENTIFIER)).desc())
    .limit(1)
)
