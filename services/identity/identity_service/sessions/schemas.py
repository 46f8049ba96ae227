"""Session objects on the wire (identity §5.2, §7.8)."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from identity_service.models import Session
from identity_service.sessions.queries import ActiveSession
from notechondria_shared.core.timestamps import iso_offset


class SessionBlock(BaseModel):
    """The session of an AuthPayload."""

    id: int
    device_label: str
    created_at: str
    last_seen_at: str


def session_block(row: Session) -> SessionBlock:
    """The block of a session."""
    return SessionBlock(
        id=row.id,
        device_label=row.device_label,
        created_at=iso_offset(row.created_at),
        last_seen_at=iso_offset(row.last_seen_at),
    )


class SessionRow(SessionBlock):
    """One active session in the list."""

    user_agent: str
    ip_hash_prefix: str
    is_current: bool

    @classmethod
    def of(cls, row: ActiveSession, current: int | None) -> Self:
        """A session of the list; `current` is the id of the calling one."""
        return cls(
            id=row.id,
            device_label=row.device_label,
            user_agent=row.user_agent,
            ip_hash_prefix=row.ip_hash[:8],
            created_at=iso_offset(row.created_at),
            last_seen_at=iso_offset(row.last_seen_at),
            is_current=row.id == current,
        )


class SessionList(BaseModel):
    """`GET /auth/sessions/`."""

    sessions: list[SessionRow]
    current_session_id: int | None
