"""The parts of the site, in the order of its menu."""

from __future__ import annotations

from identity_service.admin.people import INVITATIONS, SESSIONS, USERS
from identity_service.admin.things import CALLS, COURSES, DEAD_LETTERS, EVENTS, FEEDS, NOTES

SECTIONS = {
    section.name: section
    for section in (USERS, SESSIONS, INVITATIONS, COURSES, NOTES, EVENTS, FEEDS, DEAD_LETTERS, CALLS)
}
