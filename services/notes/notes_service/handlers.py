"""What notes consumes (ADR 0003). The first sentence of a handler says what it does; docs/events.md shows it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.identity import UserActivated, UserDeleted, UserUpdated
from notechondria_contracts.events.planner import NoteSessionOpened
from notechondria_shared.db import SessionReader
from notechondria_shared.messaging.consumer import Subscription
from notes_service.account_deletion import delete_content
from notes_service.authors.known import KnownAuthors
from notes_service.authors.service import ACCOUNTS, project
from notes_service.popularity.queries import KEEP_SESSION
from notes_service.seeding.service import seed_once


async def on_session_opened(db: AsyncSession, event: NoteSessionOpened) -> None:
    """Count the session for the note, by which notes are popular (apps §4)."""
    if not await ACCOUNTS.is_present(db, event.user_id):
        return
    row = {"session_id": event.session_id, "note_id": event.note_id, "user_id": event.user_id}
    await SessionReader(db).run(KEEP_SESSION, {**row, "started_at": event.started_at})


def subscriptions(known_authors: KnownAuthors) -> Sequence[Subscription]:
    """The handlers, bound to what this process remembers of authors."""

    async def activated(db: AsyncSession, event: UserActivated) -> None:
        """Keep the author up to date; make Inbox and welcome note on first sight."""
        if await ACCOUNTS.lock(db, event.user_id):
            await seed_once(db, await project(db, event))

    async def updated(db: AsyncSession, event: UserUpdated) -> None:
        """Keep the author up to date."""
        if await ACCOUNTS.lock(db, event.user_id):
            await project(db, event)

    async def deleted(db: AsyncSession, event: UserDeleted) -> None:
        """Delete courses, notes and files of the account; later events of it have no effect."""
        await delete_content(db, event.user_id)
        known_authors.forget(event.user_id)

    return (
        Subscription("identity", {UserActivated: activated, UserUpdated: updated, UserDeleted: deleted}),
        Subscription("planner", {NoteSessionOpened: on_session_opened}),
    )
