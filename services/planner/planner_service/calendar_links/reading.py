"""When a published calendar was last read, and by what: written down, so that its owner sees who reads it."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import or_, update

from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from planner_service.calendar_links.queries import PublishedLink
from planner_service.models import CalendarLink

logger = logging.getLogger("notechondria.calendars")
EVERY = timedelta(minutes=5)
_LONGEST = 200


async def note_reading(database: Database, link: PublishedLink, agent: str) -> None:
    """Write it down, once in some minutes. A calendar is read also when that cannot be."""
    at = now()
    if link.last_read_at is not None and link.last_read_at > at - EVERY:
        return
    due = or_(CalendarLink.last_read_at.is_(None), CalendarLink.last_read_at <= at - EVERY)
    shown = " ".join(agent.replace("\x00", "").split())[:_LONGEST]
    try:
        async with database.transaction() as db:
            await db.execute(
                update(CalendarLink)
                .where(CalendarLink.id == link.id, CalendarLink.token_digest == link.token_digest, due)
                .values(last_read_at=at, last_read_by=shown)
                .execution_options(synchronize_session=False)
            )
    except Unavailable:
        logger.warning("that link %d was read could not be written down", link.id)
