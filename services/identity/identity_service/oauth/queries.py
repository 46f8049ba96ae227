"""Reads of the links to providers."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from identity_service.models import SocialAccount
from notechondria_shared.db import prepare

LINKS = prepare(
    select(
        SocialAccount.id,
        SocialAccount.provider,
        SocialAccount.provider_uid,
        SocialAccount.email,
        SocialAccount.created_at,
    )
    .where(SocialAccount.user_id == bindparam("user_id"))
    .order_by(SocialAccount.id)
)
