"""Reads of the links to providers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from identity_service.models import SocialAccount
from notechondria_shared.db import prepare


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link of an account to a provider."""

    id: int
    provider: str
    provider_uid: str
    email: str
    created_at: datetime


LINKS = prepare(
    select(
        SocialAccount.id,
        SocialAccount.provider,
        SocialAccount.provider_uid,
        SocialAccount.email,
        SocialAccount.created_at,
    )
    .where(SocialAccount.user_id == bindparam("user_id"))
    .order_by(SocialAccount.id),
    LinkRow,
)
