"""Reads for the limits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, bindparam, exists, select

from identity_service.models import Session
from notechondria_shared.db.reader import prepare_scalar

_USER, _NETWORK = bindparam("user_id", type_=BigInteger), bindparam("ip_hash", type_=Text)
KNOWN_DEVICE = prepare_scalar(
    select(exists().where(Session.user_id == _USER, Session.ip_hash == _NETWORK, _NETWORK != "")), bool
)
"""Whether the account was ever signed in from a network; sessions are kept for 90 days."""
