"""Reads of sessions and of who stands behind a credential."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import DateTime, bindparam, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from identity_service.authorization_models import ACCESS, OAuthGrant, OAuthToken
from identity_service.models import ApiKey, Session, User
from notechondria_shared.db.reader import prepare, prepare_scalar

IDLE = timedelta(days=1)
ABSOLUTE = timedelta(days=3)

_NOW = bindparam("now", type_=DateTime(timezone=True))


def alive(now: ColumnElement[datetime]) -> tuple[ColumnElement[bool], ...]:
    """A session that still counts (identity §4): not revoked, not idle for a day, not older than three."""
    return (
        Session.revoked_at.is_(None),
        Session.last_seen_at > now - literal_column("interval '1 day'"),
        Session.created_at > now - literal_column("interval '3 days'"),
    )


_USER = (
    User.id.label("user_id"),
    User.username,
    User.image_path,
    User.editor_mode,
    User.is_staff,
    User.is_superuser,
    User.timezone,
    User.status,
)


@dataclass(slots=True)
class CredentialRow:
    """The account behind a credential."""

    user_id: int
    username: str
    image_path: str
    editor_mode: str
    is_staff: bool
    is_superuser: bool
    timezone: str
    status: str
    credential_id: int
    revoked_at: datetime | None


@dataclass(slots=True)
class SessionCredential(CredentialRow):
    """A session and its account."""

    last_seen_at: datetime
    created_at: datetime
    app_password_id: int | None


@dataclass(slots=True)
class KeyCredential(CredentialRow):
    """An API key and its account."""

    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(slots=True)
class TokenCredential(CredentialRow):
    """A program's access token, its grant and the account; the id is the grant's."""

    scopes: list[str]
    audience: str
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(slots=True)
class ActiveSession:
    """A session as the list of devices shows it."""

    id: int
    device_label: str
    user_agent: str
    ip_hash: str
    created_at: datetime
    last_seen_at: datetime
    network: str


BY_SESSION = prepare(
    select(
        *_USER,
        Session.id.label("credential_id"),
        Session.revoked_at,
        Session.last_seen_at,
        Session.created_at,
        Session.app_password_id,
    )
    .join(User, User.id == Session.user_id)
    .where(Session.digest == bindparam("digest")),
    SessionCredential,
)
BY_KEY = prepare(
    select(
        *_USER,
        ApiKey.id.label("credential_id"),
        ApiKey.revoked_at,
        ApiKey.scopes,
        ApiKey.expires_at,
        ApiKey.last_used_at,
    )
    .join(User, User.id == ApiKey.user_id)
    .where(ApiKey.digest == bindparam("digest")),
    KeyCredential,
)
BY_TOKEN = prepare(
    select(
        *_USER,
        OAuthGrant.id.label("credential_id"),
        OAuthGrant.revoked_at,
        OAuthToken.scopes,
        OAuthGrant.audience,
        OAuthToken.expires_at,
        OAuthGrant.last_used_at,
    )
    .join(OAuthGrant, OAuthGrant.user_id == User.id)
    .join(OAuthToken, OAuthToken.grant_id == OAuthGrant.id)
    .where(OAuthToken.digest == bindparam("digest"), OAuthToken.kind == literal_column(f"'{ACCESS}'")),
    TokenCredential,
)
ACTIVE = prepare(
    select(
        Session.id,
        Session.device_label,
        Session.user_agent,
        Session.ip_hash,
        Session.created_at,
        Session.last_seen_at,
        Session.network,
    )
    .where(Session.user_id == bindparam("user_id"), *alive(_NOW))
    .order_by(Session.last_seen_at.desc(), Session.id.desc()),
    ActiveSession,
)
OTHERS = prepare_scalar(
    select(func.count())
    .select_from(Session)
    .where(Session.user_id == bindparam("user_id"), Session.id != bindparam("session_id"), *alive(_NOW)),
    int,
)
