"""Parts of the site about what people and their agents make, and what went wrong between the services."""

from __future__ import annotations

from identity_service.admin import dead_letters
from identity_service.admin.remote import Remote
from identity_service.admin.sections import ID, USER, Action, Column, Section

CREATED, EDITED = Column("date_created", "Created", "moment"), Column("last_edit", "Last edit", "moment")
PRIVATE = "What people write is theirs: titles, beginnings and sizes are shown here, never a whole text."
RECURRENCE = {"N": "none", "W": "weekly", "M": "monthly", "Y": "yearly"}
KINDS = {"I": "imported", "S": "subscribed"}

courses, notes = Remote("notes", "courses"), Remote("notes", "notes")
events, feeds = Remote("planner", "events"), Remote("planner", "feeds")

COURSES = Section(
    "courses",
    "Courses",
    "course",
    courses,
    (
        ID,
        Column("title", "Title"),
        USER,
        Column("notes", "Notes"),
        Column("is_default", "Inbox", "yes"),
        Column("slug", "Slug", wide=True),
        CREATED,
        EDITED,
    ),
    (
        Action(
            "delete",
            "Delete",
            "The course is deleted.",
            courses.does("delete"),
            "Its owner's notes move to their Inbox; notes of others lose their course. This is final.",
            gone=True,
            offered=lambda row: not row["is_default"],
        ),
    ),
    searched="title, slug, user name or id",
)
NOTES = Section(
    "notes",
    "Notes",
    "note",
    notes,
    (
        ID,
        Column("title", "Title"),
        USER,
        Column("excerpt", "Beginning", wide=True),
        Column("size", "Size", "size"),
        Column("is_public", "Public", "yes"),
        Column("course_title", "Course"),
        Column("deleted_at", "In the bin since", "moment"),
        Column("date_created", "Created", "moment", wide=True),
        EDITED,
    ),
    (
        Action(
            "trash",
            "Move to the bin",
            "The note is in its owner's bin.",
            notes.does("trash"),
            "The note moves to its owner's recycle bin and becomes private. They can restore it.",
            offered=lambda row: row["deleted_at"] is None,
        ),
        Action(
            "restore",
            "Restore",
            "The note is back, private as it went.",
            notes.does("restore"),
            offered=lambda row: row["deleted_at"] is not None,
        ),
        Action(
            "purge",
            "Purge",
            "The note is gone for good.",
            notes.does("purge"),
            "The note, its versions and files are removed for good. This is final.",
            gone=True,
            offered=lambda row: row["deleted_at"] is not None,
        ),
    ),
    searched="title, user name or id",
    hint=PRIVATE,
)
EVENTS = Section(
    "events",
    "Events",
    "event",
    events,
    (
        ID,
        Column("title", "Title"),
        USER,
        Column("starts_at", "Starts", "moment"),
        Column("ends_at", "Ends", "moment"),
        Column("is_completed", "Done", "yes"),
        Column("recurrence_freq", "Recurrence", "word", wide=True, words=RECURRENCE),
        Column("course_id", "Course id", wide=True),
        Column("date_created", "Created", "moment", wide=True),
        Column("last_edit", "Last edit", "moment", wide=True),
    ),
    (
        Action(
            "delete",
            "Delete",
            "The event is deleted.",
            events.does("delete"),
            "The event goes with all its occurrences. This is final.",
            gone=True,
        ),
    ),
    searched="title or id",
)
FEEDS = Section(
    "feeds",
    "Feeds",
    "feed",
    feeds,
    (
        ID,
        Column("title", "Title"),
        USER,
        Column("host", "Host"),
        Column("is_enabled", "Enabled", "yes"),
        Column("entry_count", "Entries"),
        Column("last_sync", "Last read", "moment"),
        Column("last_error", "Last error"),
        Column("source_kind", "Kind", "word", wide=True, words=KINDS),
        Column("course_id", "Course id", wide=True),
        Column("date_created", "Created", "moment", wide=True),
        Column("last_edit", "Last edit", "moment", wide=True),
    ),
    (
        Action("refresh", "Read now", "The feed was read; how it went stands below.", feeds.does("refresh")),
        Action(
            "disable",
            "Disable",
            "The feed is disabled.",
            feeds.does("disable"),
            "Its entries are shown no more until it is enabled again.",
            offered=lambda row: bool(row["is_enabled"]),
        ),
        Action(
            "enable",
            "Enable",
            "The feed is enabled.",
            feeds.does("enable"),
            offered=lambda row: not row["is_enabled"],
        ),
        Action(
            "delete",
            "Delete",
            "The feed is deleted.",
            feeds.does("delete"),
            "The feed and what was read for it are removed. This is final.",
            gone=True,
        ),
    ),
    searched="title or id",
    hint="Of an address only the host is shown: the rest may be the key to somebody's private calendar.",
)
DEAD_LETTERS = Section(
    "dead-letters",
    "Dead letters",
    "dead letter",
    dead_letters.DeadLetters(),
    (
        ID,
        Column("consumer", "Service"),
        Column("subject", "Fact"),
        Column("error", "Error"),
        Column("attempts", "Tries"),
        Column("failed_at", "Given up", "moment"),
        Column("replayed_at", "Replayed", "moment"),
        Column("event_id", "Event id", wide=True),
    ),
    (
        Action(
            "replay",
            "Replay",
            "The fact went through.",
            dead_letters.replay,
            offered=lambda row: row["replayed_at"] is None,
        ),
        Action(
            "discard",
            "Discard",
            "The dead letter is gone.",
            dead_letters.discard,
            "The fact will not be tried again: what it told is lost to this service.",
            gone=True,
        ),
    ),
    searched="fact, error or event id",
    hint="Facts that a service could not take, after all its tries.",
    of_users=False,
    label="subject",
)
CALLS = Section(
    "calls",
    "Agents' log",
    "call",
    Remote("mcp", "calls"),
    (
        ID,
        Column("called_at", "When", "moment"),
        USER,
        Column("tool", "Tool"),
        Column("is_change", "Change", "yes"),
        Column("outcome", "Outcome"),
        Column("duration_ms", "Milliseconds"),
        Column("client", "Client"),
        Column("error", "Error", wide=True),
        Column("touched", "Touched", "ids", wide=True),
        Column("key_id", "Key id", wide=True),
        Column("undone_at", "Taken back", "moment", wide=True),
    ),
    searched="tool, client, outcome, error or id",
    hint="What agents did for people in the last 90 days. Arguments are not shown: they hold what people write.",
    label="tool",
)
