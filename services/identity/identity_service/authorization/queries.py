"""Reads of grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, bindparam, func, select

from identity_service.authorization_models import OAuthClient, OAuthGrant
from notechondria_shared.db.reader import prepare

_NOW = bindparam("now", type_=DateTime(timezone=True))
_USER = bindparam("user_id", type_=BigInteger)


@dataclass(slots=True)
class ConnectionRow:
    """A grant that counts, with its program."""

    grant_id: int
    program_id: int
    client_id: str
    origin: str
    name: str
    redirect_uris: list[str]
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


CONNECTIONS = prepare(
    select(
        OAuthGrant.id.label("grant_id"),
        OAuthClient.id.label("program_id"),
        OAuthClient.client_id,
        OAuthClient.origin,
        OAuthClient.name,
        OAuthClient.redirect_uris,
        OAuthGrant.scopes,
        OAuthGrant.created_at,
        OAuthGrant.expires_at,
        OAuthGrant.last_used_at,
    )
    .join(OAuthClient, OAuthClient.id == OAuthGrant.client_id)
    .where(
        OAuthGrant.user_id == _USER,
        OAuthGrant.revoked_at.is_(None),
        OAuthGrant.redeemed_at.is_not(None),
        OAuthGrant.expires_at > _NOW,
    )
    .order_by(func.coalesce(OAuthGrant.last_used_at, OAuthGrant.created_at).desc(), OAuthGrant.id.desc()),
    ConnectionRow,
)
