"""The tables of what programs may do for people: clients, grants, codes and tokens (RFC 6749)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.models import Base
from notechondria_shared.core.timestamps import now

REGISTERED, DOCUMENT, STAFF = "registered", "document", "staff"
"""Where a client comes from: it registered itself (RFC 7591), its document says so (CIMD), or staff made it."""
ACCESS, REFRESH = "access", "refresh"
IDLE_PROGRAM = timedelta(days=30)
"""So long a program may stay away: then its refresh tokens, and it itself, no longer count."""


class OAuthClient(Base):
    """A program that may ask people for access."""

    __tablename__ = "oauth_clients"
    __table_args__ = (
        CheckConstraint("origin IN ('registered', 'document', 'staff')", name="origin"),
        Index("ix_oauth_clients_origin_created_at", "origin", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(String(512), unique=True)
    """What the program calls itself by; of a document, its address."""
    origin: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120), default="")
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(String(1024)))
    auth_method: Mapped[str] = mapped_column(String(24), default="none")
    """How it authenticates at the token endpoint: `none`, `client_secret_basic` or `client_secret_post`."""
    secret_digest: Mapped[str] = mapped_column(String(64), default="")
    registration_digest: Mapped[str] = mapped_column(String(64), default="")
    """Of the token with which it reads or ends its own registration (RFC 7592 §2)."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    """When it last got a token."""
    fresh_until: Mapped[datetime | None]
    """Of a document: when it is to be fetched again."""


class OAuthGrant(Base):
    """That a person let a program act for them: one consent, one connection."""

    __tablename__ = "oauth_grants"
    __table_args__ = (
        Index("ix_oauth_grants_user_id", "user_id"),
        Index("ix_oauth_grants_client_id", "client_id"),
        Index("ix_oauth_grants_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"))
    client_id: Mapped[int] = mapped_column(ForeignKey("identity.oauth_clients.id", ondelete="CASCADE"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    audience: Mapped[str] = mapped_column(String(8))
    """The resource that its tokens are for: `mcp` or `api` (RFC 8707 §2)."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    """When the program came for its first tokens; until then nothing is connected."""
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OAuthCode(Base):
    """An authorization code (RFC 6749 §4.1.2): a minute, once, for one client, redirect, challenge and resource."""

    __tablename__ = "oauth_codes"
    __table_args__ = (Index("ix_oauth_codes_grant_id", "grant_id"), Index("ix_oauth_codes_expires_at", "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("identity.oauth_grants.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    redirect_uri: Mapped[str] = mapped_column(String(1024))
    """What the token request must repeat; empty when the authorization request named none."""
    challenge: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OAuthToken(Base):
    """An access or refresh token of a grant; only its digest is kept."""

    __tablename__ = "oauth_tokens"
    __table_args__ = (
        CheckConstraint("kind IN ('access', 'refresh')", name="kind"),
        Index("ix_oauth_tokens_grant_id", "grant_id"),
        Index("ix_oauth_tokens_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("identity.oauth_grants.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """Of a refresh token: when it was exchanged for the next one."""
