"""The one catalogue of facts: subject to model, and who hears what (ADR 0002)."""

from __future__ import annotations

from notechondria_contracts.events import identity, notes, planner
from notechondria_contracts.events.event import IntegrationEvent

CATALOGUE: dict[str, type[IntegrationEvent]] = {
    fact.subject: fact
    for fact in (
        identity.UserActivated,
        identity.UserUpdated,
        identity.UserDeleted,
        identity.SessionRevoked,
        identity.ApiKeyRotated,
        notes.CourseCreated,
        notes.CourseUpdated,
        notes.CourseDeleted,
        notes.NoteCreated,
        notes.NoteUpdated,
        notes.NoteTrashed,
        notes.NoteRestored,
        notes.NotePurged,
        notes.ActivityRecorded,
        planner.PlannerEventCreated,
        planner.PlannerEventUpdated,
        planner.PlannerEventDeleted,
        planner.FeedDeleted,
    )
}

HEARD_BY: dict[str, dict[str, str]] = {
    "identity.user.activated": {
        "notes": "author projection; on first sight Inbox and welcome note",
        "planner": "opens what the account publishes",
    },
    "identity.user.updated": {
        "notes": "author projection",
        "planner": "shuts the published calendars of a disabled account, opens them with it",
        "every replica": "drops the user's cached introspections",
    },
    "identity.user.deleted": {
        "notes": "wipes the user's courses, notes and files",
        "planner": "wipes the user's events, feeds, sessions and activity",
        "mcp": "wipes the user's rows",
        "every replica": "drops the user's cached introspections",
    },
    "identity.session.revoked": {"every replica": "drops the cached introspections of the sessions"},
    "identity.api_key.rotated": {"every replica": "drops the cached introspections of the keys"},
    "notes.course.created": {"planner": "course reference"},
    "notes.course.updated": {"planner": "course reference"},
    "notes.course.deleted": {"planner": "events and feeds lose their course"},
    "notes.note.created": {"planner": "note reference"},
    "notes.note.updated": {"planner": "note reference"},
    "notes.note.trashed": {"planner": "work sessions of the note are hidden"},
    "notes.note.restored": {"planner": "work sessions of the note are back"},
    "notes.note.purged": {"planner": "work sessions and activity of the note are gone"},
    "notes.activity.recorded": {"planner": "heatmap"},
}
