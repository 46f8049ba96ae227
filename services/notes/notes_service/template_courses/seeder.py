"""The template courses of a new deployment, made in the background once identity knows their owners."""

from __future__ import annotations

import asyncio
import logging

from notechondria_shared.core.background import Background
from notechondria_shared.core.errors import ApiError
from notes_service.state import NotesState
from notes_service.template_courses.owners import find_owners
from notes_service.template_courses.service import restore

logger = logging.getLogger("notechondria.start")
TRIES = 30
PAUSE_SECONDS = 2.0


class TemplateSeeder(Background):
    """Restores the template courses at each start."""

    task_name = "template courses"

    def __init__(self, state: NotesState) -> None:
        self._state = state

    async def _run(self) -> None:
        for _ in range(TRIES):
            try:
                owners = await find_owners(self._state)
                if owners.superuser is not None:
                    log = await restore(self._state.database, self._state.media, owners)
                    logger.info("template courses: %s", "; ".join(log))
                    return
            except ApiError as error:
                logger.info("template courses: trying again: %s", error)
            except Exception:
                logger.exception("template courses could not be made")
                return
            await asyncio.sleep(PAUSE_SECONDS)
