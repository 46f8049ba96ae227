"""Events and feeds for the administration (docs/admin.md): lists, and what staff may do in their owners' place.

Each action is the owner's own, through the same rule, so that the same events are published.
"""

from __future__ import annotations

from notechondria_contracts.admin import AdminAction, AdminColumn, AdminResource
from notechondria_shared.auth.precondition import UNCONDITIONAL
from notechondria_shared.web.admin import AdminTable, admin_router
from notechondria_shared.web.dead_letters import dead_letter_table
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from planner_service.admin import queries
from planner_service.calendar_feeds import service as feeds
from planner_service.calendar_feeds.schemas import ChangeFeed
from planner_service.dependencies import Sources
from planner_service.models import EVENTS as EVENT_TABLES
from planner_service.planner_events import service as events

ID = AdminColumn(key="id", title="Id", kind="id")
USER = AdminColumn(key="user_id", title="User", kind="user")
COURSE = AdminColumn(key="course_id", title="Course id", wide=True)
CREATED = AdminColumn(key="date_created", title="Created", kind="timestamp", wide=True)
EDITED = AdminColumn(key="last_edit", title="Last edit", kind="timestamp", wide=True)
RECURRENCE = {"N": "none", "W": "weekly", "M": "monthly", "Y": "yearly"}
KINDS = {"I": "imported", "S": "subscribed"}

EVENTS = AdminTable(
    AdminResource(
        name="events",
        title="Events",
        noun="event",
        position=60,
        columns=[
            ID,
            AdminColumn(key="title", title="Title"),
            USER,
            AdminColumn(key="starts_at", title="Starts", kind="timestamp"),
            AdminColumn(key="ends_at", title="Ends", kind="timestamp"),
            AdminColumn(key="is_completed", title="Done", kind="yes"),
            AdminColumn(key="recurrence_freq", title="Recurrence", kind="word", wide=True, words=RECURRENCE),
            COURSE,
            CREATED,
            EDITED,
        ],
        searched="title or id",
    ),
    queries.EVENTS,
    unknown=events.NO_EVENT,
)
FEEDS = AdminTable(
    AdminResource(
        name="feeds",
        title="Feeds",
        noun="feed",
        position=70,
        columns=[
            ID,
            AdminColumn(key="title", title="Title"),
            USER,
            AdminColumn(key="host", title="Host"),
            AdminColumn(key="is_enabled", title="Enabled", kind="yes"),
            AdminColumn(key="entry_count", title="Entries"),
            AdminColumn(key="last_sync", title="Last read", kind="timestamp"),
            AdminColumn(key="last_error", title="Last error"),
            AdminColumn(key="source_kind", title="Kind", kind="word", wide=True, words=KINDS),
            COURSE,
            CREATED,
            EDITED,
        ],
        searched="title or id",
        hint="Of an address only the host is shown: the rest may be the key to somebody's private calendar.",
    ),
    queries.FEEDS,
    unknown=feeds.NO_FEED,
)


@EVENTS.action(
    AdminAction(
        name="delete",
        label="Delete",
        done="The event is deleted.",
        question="The event goes with all its occurrences. This is final.",
        gone=True,
    )
)
async def delete_event(read: ReadSession, key: int, db: WriteSession) -> None:
    """Remove an event with all its occurrences (planner §2.1)."""
    await events.delete(db, await EVENTS.owner(read, key), key, UNCONDITIONAL)


@FEEDS.action(AdminAction(name="refresh", label="Read now", done="The feed was read; how it went stands below."))
async def refresh_feed(read: ReadSession, key: int, sources: Sources) -> None:
    """Read a feed now; how it went stands in the feed."""
    feed = await FEEDS.find(read, key)
    if feed.source_id is not None:
        await sources.refresh(feed.source_id, feed.user_id)


@FEEDS.action(
    AdminAction(
        name="disable",
        label="Disable",
        done="The feed is disabled.",
        question="Its entries are shown no more until it is enabled again.",
    ),
    offered=lambda row: row.is_enabled,
)
async def disable_feed(read: ReadSession, key: int, db: WriteSession) -> None:
    """Show and read it no more (planner §3.2)."""
    await feeds.change(db, await FEEDS.owner(read, key), key, ChangeFeed(is_enabled=False), None, UNCONDITIONAL)


@FEEDS.action(
    AdminAction(name="enable", label="Enable", done="The feed is enabled."),
    offered=lambda row: not row.is_enabled,
)
async def enable_feed(read: ReadSession, key: int, sources: Sources, db: WriteSession) -> None:
    """Show and read it again (planner §3.2)."""
    feed = await FEEDS.find(read, key)
    if feed.source_id is not None:
        await sources.catch_up(feed.source_id, feed.user_id)
    await feeds.change(db, feed.user_id, key, ChangeFeed(is_enabled=True), None, UNCONDITIONAL)


@FEEDS.action(
    AdminAction(
        name="delete",
        label="Delete",
        done="The feed is deleted.",
        question="The feed and what was read for it are removed. This is final.",
        gone=True,
    )
)
async def delete_feed(read: ReadSession, key: int, db: WriteSession) -> None:
    """Remove a feed and what was read for it alone (planner §3.1)."""
    await feeds.delete(db, await FEEDS.owner(read, key), key, UNCONDITIONAL)


router = admin_router(EVENTS, FEEDS, dead_letter_table(EVENT_TABLES))
