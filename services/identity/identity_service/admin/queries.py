"""Reads of the administration site."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from identity_service.models import User
from notechondria_shared.db import prepare

_NAME = bindparam("name", type_=Text)
ID_OF = prepare(
    select(User.id).where(
        or_(func.lower(User.username) == func.lower(_NAME), func.lower(User.email) == func.lower(_NAME))
    )
)
NAMES = prepare(select(User.id, User.username).where(User.id == any_(bindparam("ids", type_=ARRAY(BigInteger)))))
