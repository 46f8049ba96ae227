"""Reads for the pages on which people see who they are here, and what may act for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, func, literal, or_, select

from identity_service.account_models import Authenticator, Passkey
from identity_service.authorization_models import OAuthClient, OAuthGrant
from identity_service.models import ApiKey, SocialAccount, User
from notechondria_shared.db.reader import prepare

_USER = bindparam("user_id", type_=BigInteger)
MOST_ENDED = 500
"""Of the keys and connections that ended: the log names those that it still has calls of."""


@dataclass(slots=True)
class KeyRow:
    """A key that was not revoked."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(slots=True)
class NameRow:
    """What a key, or the program of a connection, is called."""

    id: int
    name: str
    is_key: bool


KEYS = prepare(
    select(
        ApiKey.id,
        ApiKey.name,
        ApiKey.prefix,
        ApiKey.scopes,
        ApiKey.created_at,
        ApiKey.expires_at,
        ApiKey.last_used_at,
    )
    .where(ApiKey.user_id == _USER, ApiKey.revoked_at.is_(None))
    .order_by(ApiKey.id.desc()),
    KeyRow,
)
_ENDED_KEYS = (
    select(ApiKey.id, ApiKey.name, literal(True).label("is_key"))
    .where(ApiKey.user_id == _USER, ApiKey.revoked_at.is_not(None))
    .order_by(ApiKey.id.desc())
    .limit(MOST_ENDED)
    .subquery()
)
_CONNECTIONS = (
    select(OAuthGrant.id, OAuthClient.name, literal(False).label("is_key"))
    .join(OAuthClient, OAuthClient.id == OAuthGrant.client_id)
    .where(OAuthGrant.user_id == _USER, OAuthGrant.redeemed_at.is_not(None))
    .order_by(OAuthGrant.id.desc())
    .limit(MOST_ENDED)
    .subquery()
)
NAMES = prepare(select(_ENDED_KEYS).union_all(select(_CONNECTIONS)), NameRow)


@dataclass(slots=True)
class ProfileRow:
    """Who a person is here, and how they sign in."""

    username: str
    first_name: str
    last_name: str
    display_name: str
    motto: str
    social_link: str
    email: str
    verified_email: str
    timezone: str
    image_path: str
    has_password: bool
    has_factor: bool
    providers: list[str] | None
    date_joined: datetime


PROFILE = prepare(
    select(
        User.username,
        User.first_name,
        User.last_name,
        User.display_name,
        User.motto,
        User.social_link,
        User.email,
        User.verified_email,
        User.timezone,
        User.image_path,
        (func.coalesce(User.password_hash, "") != "").label("has_password"),
        or_(
            select(Authenticator.user_id).where(Authenticator.user_id == User.id).exists(),
            select(Passkey.id).where(Passkey.user_id == User.id).exists(),
        ).label("has_factor"),
        select(func.array_agg(SocialAccount.provider))
        .where(SocialAccount.user_id == User.id)
        .scalar_subquery()
        .label("providers"),
        User.date_joined,
    ).where(User.id == _USER),
    ProfileRow,
)
