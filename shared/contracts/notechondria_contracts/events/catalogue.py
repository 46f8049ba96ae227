"""The one catalogue of events: subject to model (ADR 0002). Consumers follow from the services' subscriptions."""

from __future__ import annotations

from notechondria_contracts.events import identity, notes, planner
from notechondria_contracts.events.event import IntegrationEvent

CATALOGUE: dict[str, type[IntegrationEvent]] = {
    event.subject: event
    for event in (
        identity.UserActivated,
        identity.UserUpdated,
        identity.UserDeleted,
        identity.SessionRevoked,
        identity.ApiKeyRotated,
        identity.AccessTokenRevoked,
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
        planner.NoteSessionOpened,
    )
}
