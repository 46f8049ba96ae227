"""Tables of what protects an account, and of what the sign-in site hands out (apps §3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.models import Base
from notechondria_shared.core.timestamps import now

_OWNER = "identity.users.id"


class AppCode(Base):
    """A code with which an app gets a session of its own (apps §3). A used one is gone."""

    __tablename__ = "app_codes"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(_OWNER, ondelete="CASCADE"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("identity.sessions.id", ondelete="CASCADE"))
    """The session of the site that it was made in: when that one ends, the code is worth nothing."""
    origin: Mapped[str] = mapped_column(String(255))
    """Where the app is: the exchange comes from there."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Authenticator(Base):
    """The app that shows a person six digits every half minute (RFC 6238): one of an account.

    The secret is kept as it is: the digits are computed from it, so a hash would not do.
    """

    __tablename__ = "authenticators"

    user_id: Mapped[int] = mapped_column(ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    last_step: Mapped[int] = mapped_column(default=0)
    """The newest half minute whose digits were used: a code counts once."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key pair of a device or of a password manager (WebAuthn); the public half is here."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(_OWNER, ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of ten codes for who has lost the second factor: hashed, good once."""

    __tablename__ = "recovery_codes"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(_OWNER, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]


class AppPassword(Base):
    """A password for one program that knows no second factor: made here, hashed, for signing in alone."""

    __tablename__ = "app_passwords"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(_OWNER, ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Ticket(Base):
    """Something begun on the site that its next form goes on with: hashed, short-lived, gone once it is done."""

    __tablename__ = "tickets"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(_OWNER, ondelete="CASCADE"), index=True)
    """Nobody's while a passkey is still to say who it is."""
    provider: Mapped[str] = mapped_column(String(16), default="")
    """By which provider the first step was passed; "" by password."""
    password_hash: Mapped[str] = mapped_column(default="")
    """The password that the first step was passed with: one that was changed meanwhile ends it."""
    secret: Mapped[str] = mapped_column(String(128), default="")
    """The challenge of a passkey, or the secret of an authenticator that is being set up."""
    wrong_tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SecurityEvent(Base):
    """What happened to the security of an account, for its owner's eyes."""

    __tablename__ = "security_events"
    __table_args__ = (Index("ix_security_events_user_id_id", "user_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(_OWNER, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    method: Mapped[str] = mapped_column(String(32), default="")
    """How somebody signed in, or what it was done with."""
    detail: Mapped[str] = mapped_column(String(200), default="")
    device_label: Mapped[str] = mapped_column(String(120), default="")
    network: Mapped[str] = mapped_column(String(64), default="")
    """The address without its last part: where from, and not who."""
    at: Mapped[datetime] = mapped_column(default=now, index=True)
