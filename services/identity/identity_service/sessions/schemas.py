"""Session objects on the wire (identity §5.2, §7.8)."""

from __future__ import annotations

from pydantic import BaseModel


class SessionBlock(BaseModel):
    """The session of an AuthPayload."""

    id: int
    device_label: str
    created_at: str
    last_seen_at: str


class SessionRow(SessionBlock):
    """One active session in the list."""

    user_agent: str
    ip_hash_prefix: str
    is_current: bool


class SessionList(BaseModel):
    """`GET /auth/sessions/`."""

    sessions: list[SessionRow]
    current_session_id: int | None
