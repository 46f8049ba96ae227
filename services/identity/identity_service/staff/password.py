"""Actions with power need the password of the member of staff, entered lately in the session they act in."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Header

from identity_service.staff.queries import PASSWORD_ENTERED_AT
from notechondria_contracts.admin import PASSWORD_MINUTES
from notechondria_contracts.internal.headers import STAFF_SESSION_HEADER
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.admin import PasswordNeeded, Staff
from notechondria_shared.web.dependencies import ReadSession

COUNTS = timedelta(minutes=PASSWORD_MINUTES)
_MOST_DIGITS = 18


async def require_recent_password(
    read: ReadSession, staff: Staff, session: Annotated[str, Header(alias=STAFF_SESSION_HEADER)] = ""
) -> None:
    """`PasswordNeeded` unless the session is theirs, goes on, and its password was entered within the last minutes."""
    if not (session.isascii() and session.isdigit() and len(session) <= _MOST_DIGITS):
        raise PasswordNeeded
    entered_at = await read.value(PASSWORD_ENTERED_AT, session_id=int(session), user_id=staff.user_id)
    if entered_at is None or entered_at < now() - COUNTS:
        raise PasswordNeeded
