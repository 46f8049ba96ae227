"""Which service consumes which events: for whoever makes the consumers on the bus (ADR 0007).

The services' own subscriptions say the same with their handlers; a test compares the two.
"""

from __future__ import annotations

from notechondria_contracts.events import identity, notes, planner
from notechondria_contracts.events.event import IntegrationEvent

_ACCOUNTS = (identity.UserActivated, identity.UserUpdated, identity.UserDeleted)

CONSUMERS: dict[str, dict[str, tuple[type[IntegrationEvent], ...]]] = {
    "identity": {},
    "notes": {"identity": _ACCOUNTS, "planner": (planner.NoteSessionOpened,)},
    "planner": {
        "identity": _ACCOUNTS,
        "notes": (
            notes.CourseCreated,
            notes.CourseUpdated,
            notes.CourseDeleted,
            notes.NoteCreated,
            notes.NoteUpdated,
            notes.NoteTrashed,
            notes.NoteRestored,
            notes.NotePurged,
            notes.ActivityRecorded,
        ),
    },
    "mcp": {"identity": (identity.UserDeleted,)},
}
"""By consuming service, by publishing service: the events."""
