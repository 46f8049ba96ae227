"""The template courses of a fresh house, made in the background once identity tells whom they belong to."""

from __future__ import annotations

import asyncio
import logging

import httpx
from fastapi import FastAPI
from pydantic import ValidationError

from notechondria_shared.core.background import Background
from notechondria_shared.core.errors import ApiError
from notechondria_shared.db import Database
from notechondria_shared.storage.media import MediaStore
from notes_service.settings import NotesSettings
from notes_service.template_courses.owners import Owner, find_owners
from notes_service.template_courses.service import restore

logger = logging.getLogger("notechondria.start")
TRIES = 30
PAUSE_SECONDS = 2.0


class TemplateSeeder(Background):
    """Runs the restoration at each start, and whenever staff asks for it."""

    task_name = "template courses"

    def __init__(self, app: FastAPI) -> None:
        self._settings: NotesSettings = app.state.settings
        self._database: Database = app.state.database
        self._media: MediaStore = app.state.media
        self._http: httpx.AsyncClient = app.state.internal_http

    async def run(self) -> list[str]:
        """Restore now; lines that say what was done."""
        superuser, demo = await self._owners()
        return await restore(self._database, self._media, superuser, demo)

    async def _owners(self) -> tuple[Owner | None, Owner | None]:
        try:
            return await find_owners(self._http, self._settings.identity_url)
        except (httpx.HTTPError, ValidationError) as error:
            logger.info("template courses: identity does not tell the owners yet: %r", error)
            return None, None

    async def _run(self) -> None:
        for _ in range(TRIES):
            try:
                superuser, demo = await self._owners()
                if superuser is not None:
                    log = await restore(self._database, self._media, superuser, demo)
                    logger.info("template courses: %s", "; ".join(log))
                    return
            except ApiError as error:
                logger.info("template courses: trying again: %s", error)
            except Exception:
                logger.exception("template courses could not be made")
                return
            await asyncio.sleep(PAUSE_SECONDS)
