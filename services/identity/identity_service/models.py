"""The tables of the identity schema."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from notechondria_contracts.events.identity import UserDeleted, UserState
from notechondria_contracts.internal.staff import BEGUN
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import COLUMN_TYPES, service_metadata
from notechondria_shared.messaging import Aggregate
from notechondria_shared.messaging.tables import event_tables
from notechondria_shared.storage.deletions import file_deletions
from notechondria_shared.web.rate_limit import bucket_table


class Base(DeclarativeBase):
    """Declarative base of the identity schema."""

    metadata = service_metadata("identity")
    type_annotation_map = COLUMN_TYPES


EVENTS = event_tables(Base)
FILE_DELETIONS = file_deletions(Base.metadata)
RATE_BUCKETS = bucket_table(Base.metadata)

PENDING, ACTIVE, DISABLED = "pending", "active", "disabled"


class User(Base, Aggregate[UserState | UserDeleted]):
    """An account. `disabled` was shut by an operator.

    `pending` is an account of the monolith that still waits for its address to be verified; a registration here is a
    code that knows what it opens (`Code`), and makes the account when it is used (decision 45).
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'active', 'disabled')", name="status"),
        Index("uq_users_username", func.lower(text("username")), unique=True),
        # What somebody only says is theirs collides with nothing; what was proved belongs to one account.
        Index("uq_users_verified_email", "verified_email", unique=True, postgresql_where=text("verified_email <> ''")),
        Index("ix_users_email", func.lower(text("email"))),
        Index("ix_users_email_claimed_at", "email_claimed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(150))
    email: Mapped[str] = mapped_column(String(254))
    """The address that the account shows. It is a claim, without any power, unless it is `verified_email`."""
    verified_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    """The last address whose mail the owner was shown to read, in lower case: it signs in, links to providers, and
    gets codes (decision 43). Empty when there never was one."""
    email_claimed_at: Mapped[datetime | None]
    """Since when `email` is a claim; None when it is none."""
    password_hash: Mapped[str] = mapped_column(default="")
    """Empty: no password can match (accounts made by a provider)."""
    status: Mapped[str] = mapped_column(default=PENDING)
    is_staff: Mapped[bool] = mapped_column(default=False)
    is_superuser: Mapped[bool] = mapped_column(default=False)
    first_name: Mapped[str] = mapped_column(String(150), default="")
    last_name: Mapped[str] = mapped_column(String(150), default="")
    motto: Mapped[str] = mapped_column(String(100), default="")
    social_link: Mapped[str] = mapped_column(String(255), default="")
    image_path: Mapped[str] = mapped_column(default="")
    editor_mode: Mapped[str] = mapped_column(String(1), default="P")
    theme_preset: Mapped[str] = mapped_column(String(32), default="teal")
    theme_mode: Mapped[str] = mapped_column(String(1), default="S")
    api_base_url: Mapped[str] = mapped_column(String(255), default="")
    mcp_skill_md: Mapped[str] = mapped_column(default="")
    display_name: Mapped[str] = mapped_column(String(150), default="", server_default="")
    """Empty: the user name is shown (apps §6)."""
    uncategorized_folder_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """What the apps call the notes without a course; empty: `Inbox`."""
    timezone: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The name of the person's zone in the IANA database; empty: not known, UTC."""
    last_seen_versions: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default=text("'{}'::jsonb"))
    """The newest version of each app that the person has seen, by app."""
    sign_in_site_linked: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether an app signed in through the site; `casdoor_linked` on the wire (apps §6)."""
    new_devices_only: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Of what happens to the account's security, whether only new devices are mailed."""
    app_settings: Mapped[dict[str, JsonValue]] = mapped_column(JSONB, default=dict)
    app_settings_updated_at: Mapped[datetime | None]
    date_joined: Mapped[datetime] = mapped_column(default=now)

    event_attributes = {  # noqa: RUF012 - never changed
        "user_id": "id",
        "username": "username",
        "image_path": "image_path",
        "editor_mode": "editor_mode",
        "is_active": "is_active",
        "timezone": "timezone",
    }

    @property
    def is_active(self) -> bool:
        """True while the account may sign in."""
        return self.status == ACTIVE


class Session(Base):
    """A signed-in device (identity §4). The token itself is never stored."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id_last_seen_at", "user_id", "last_seen_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    device_label: Mapped[str] = mapped_column(String(120))
    user_agent: Mapped[str] = mapped_column(String(512))
    ip_hash: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str] = mapped_column(String(16), default="", server_default="")
    """By which provider it was signed in; "" by password or code."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    network: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The address that it was made from, without its last part: `203.0.113.*`."""
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    password_entered_at: Mapped[datetime | None]
    """When its password was last entered on the administration site, for actions that need it."""
    confirmed_at: Mapped[datetime | None]
    """When its owner last entered password and second factor on the account pages, to change what protects it."""
    app_password_id: Mapped[int | None] = mapped_column(index=True)
    """By which app password it was signed in: they end at the same time."""


class ApiKey(Base):
    """An API key. The contract's single key is the one `rotate-api-key` made: `rotated` is true for it."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("uq_api_keys_rotated", "user_id", unique=True, postgresql_where=text("rotated AND revoked_at IS NULL")),
        Index("ix_api_keys_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    prefix: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(120), default="")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(16)), default=lambda: ["read", "write"])
    rotated: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Code(Base):
    """A six-digit code sent by mail (identity §13): hashed, single use, void after five wrong tries.

    A registration is its code: several of one address live side by side (decision 45).
    """

    __tablename__ = "codes"
    __table_args__ = (Index("ix_codes_kind_scope", "kind", "scope"), Index("ix_codes_user_id", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(320))
    """The address (lower case), the user id, or both, by kind."""
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    wrong_tries: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[int | None]
    """The account whose code it is; none has been made yet where it is to open one."""
    username: Mapped[str] = mapped_column(String(150), default="", server_default="")
    """Of a registration: the user name of the account that the code opens."""
    password_hash: Mapped[str] = mapped_column(default="", server_default="")
    """Of a registration: the password of that account."""
    ip_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of a registration: the network that it came from, as in sessions."""


class Invitation(Base):
    """An invitation code of an operator (identity §13)."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(120), default="")
    max_uses: Mapped[int] = mapped_column(default=1)
    times_used: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]


class StaffAction(Base):
    """What a member of staff did, or was refused, on the administration site. It outlives the account that did it."""

    __tablename__ = "staff_actions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(80))
    object: Mapped[str] = mapped_column(String(120))
    """What it is done to, as the site's paths name it: `notes/55`."""
    outcome: Mapped[str] = mapped_column(String(40), default=BEGUN)
    begun_at: Mapped[datetime] = mapped_column(default=now, index=True)
    ended_at: Mapped[datetime | None]


class SocialAccount(Base):
    """A link between an account and an identity at a provider (identity §10)."""

    __tablename__ = "social_accounts"
    __table_args__ = (
        UniqueConstraint("provider", "provider_uid"),
        UniqueConstraint("user_id", "provider"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(16))
    provider_uid: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(254), default="")
    extra: Mapped[dict[str, JsonValue]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
