"""Reads of sessions and of who stands behind a credential."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import DateTime, bindparam, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from identity_service.models import ApiKey, Session, User
from notechondria_shared.db import prepare

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
    User.status,
)

BY_SESSION = prepare(
    select(*_USER, Session.id.label("credential_id"), Session.last_seen_at, Session.created_at, Session.revoked_at)
    .join(User, User.id == Session.user_id)
    .where(Session.digest == bindparam("digest"))
)
BY_KEY = prepare(
    select(
        *_USER,
        ApiKey.id.label("credential_id"),
        ApiKey.scopes,
        ApiKey.expires_at,
        ApiKey.revoked_at,
        ApiKey.last_used_at,
    )
    .join(User, User.id == ApiKey.user_id)
    .where(ApiKey.digest == bindparam("digest"))
)
ACTIVE = prepare(
    select(
        Session.id,
        Session.device_label,
        Session.user_agent,
        Session.ip_hash,
        Session.created_at,
        Session.last_seen_at,
    )
    .where(Session.user_id == bindparam("user_id"), *alive(_NOW))
    .order_by(Session.last_seen_at.desc(), Session.id.desc())
)
OTHERS = prepare(
    select(func.count())
    .select_from(Session)
    .where(Session.user_id == bindparam("user_id"), Session.id != bindparam("session_id"), *alive(_NOW))
)
