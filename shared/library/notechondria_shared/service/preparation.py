"""What a service with a schema does before it serves (ADR 0022), each step logged in one line."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from notechondria_shared.core.settings import ServiceSettings
from notechondria_shared.core.unix_path import unix_path
from notechondria_shared.db.migrations import migrate
from notechondria_shared.db.wait import wait_for_database

logger = logging.getLogger("notechondria.start")


async def prepare_schema(settings: ServiceSettings, schema: str, migrations: Path) -> None:
    """Wait for Postgres, check the credentials and the media path, migrate; `DatabaseUnavailable` when it does not."""
    address = await wait_for_database(settings.database_conninfo, settings.database_wait_seconds)
    logger.info("Postgres at %s answers and accepts our credentials", address)
    path = settings.django_production_media_root.strip()
    if path and (normalised := unix_path(path)) != path:
        logger.info("media path %s is taken as %s", path, normalised or "not set")
    migrated = await asyncio.to_thread(migrate, settings.database_conninfo, schema, migrations)
    logger.info("schema %s %s", schema, "was migrated" if migrated else "is current, nothing to migrate")
